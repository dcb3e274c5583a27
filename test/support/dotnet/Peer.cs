// Peer.exe server NAME COUNT    serves clients of this user one after the other, and echoes each one's lines
// Peer.exe client NAME LINE     sends a line to a server of this user's, and prints what comes back
// Both with PipeOptions.CurrentUserOnly. Who is refused is said, in the first word of a line.
using System;
using System.IO;
using System.IO.Pipes;

static class Peer {
  // mono, whose compiler this is, does not know it.
  const PipeOptions CurrentUserOnly = (PipeOptions)0x20000000;

  static int Main(string[] args) {
    if (args[0] == "version") Console.WriteLine(Environment.Version);
    else if (args[0] == "server") Serve(args[1], int.Parse(args[2]));
    else Ask(args[1], args[2]);
    return 0;
  }

  static void Serve(string name, int count) {
    for (int i = 0; i < count; ++i) {
      using (var pipe = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte,
                                                  PipeOptions.Asynchronous | CurrentUserOnly)) {
        Console.WriteLine("serving");
        try {
          pipe.WaitForConnection();
        } catch (UnauthorizedAccessException) {
          Console.WriteLine("refused");
          continue;
        }
        var reader = new StreamReader(pipe);
        for (string line; (line = reader.ReadLine()) != null;) Write(pipe, line);
        Console.WriteLine("left");
      }
    }
  }

  static void Ask(string name, string line) {
    using (var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, CurrentUserOnly)) {
      try {
        pipe.Connect(10000);
      } catch (UnauthorizedAccessException) {
        Console.WriteLine("refused");
        return;
      }
      Write(pipe, line);
      Console.WriteLine(new StreamReader(pipe).ReadLine());
    }
  }

  static void Write(Stream pipe, string line) {
    var bytes = System.Text.Encoding.UTF8.GetBytes(line + "\n");
    pipe.Write(bytes, 0, bytes.Length);
  }
}
