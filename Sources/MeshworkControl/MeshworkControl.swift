// What a program around a node needs: configuration, JSON-RPC, the places of files, signals.
//
// `meshnode` is made of this and of Meshwork, and another program may be too. Nothing here knows sockets of
// peers or protocols; it reads what people wrote, asks the node, and tells clients.
//
// Reading order:
// - Configuration: `SettingKey` (everything that can be set), `Settings` (flag, environment, file, default),
//   `ConfigurationFile` and `ConfigurationProblem`.
// - Node: `ControlledNode`, what JSON-RPC needs of a node; `MeshNode` is one.
// - RPC: `RPCMessage`, `ControlMethod`, `ControlService`. Server: `ControlServer`, `EventLog`. Client:
//   `ControlClient`.
// - Paths: `Directories`.
