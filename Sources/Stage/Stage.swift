// Puts a plan on stage.
