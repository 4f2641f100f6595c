// What Meshwork's programs have in common as commands: how they end (`Failure`), how they serve their
// interface and say goodbye (`ControlServer+Running`), how many files they may open (`OpenFiles`).
//
// A program's main type calls `runAsProgram()`; everything else of a program is its own commands and flags.
