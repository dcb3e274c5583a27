// The other side in C#: System.IO.Pipes with StreamString's wire format, and BinaryWriter's. Compiled by mono.linux.test.ts.
//
//   Peer.exe file-server NAME CLIENTS     proves itself, reads a file's name, sends the file as the client sees it
//   Peer.exe file-client NAME FILE        the same, asked
//   Peer.exe echo-server NAME             sends every string back
//   Peer.exe echo-client NAME             the same
//   Peer.exe binary-echo-client NAME      the same with BinaryReader and BinaryWriter
using System;
using System.IO;
using System.IO.Pipes;
using System.Linq;
using System.Text;
using System.Threading;

class StreamString {
  readonly Stream stream;
  // As in .NET: what is no UTF-16 becomes U+FFFD.
  readonly Encoding encoding = new UnicodeEncoding(false, false);

  public StreamString(Stream stream) { this.stream = stream; }

  public string Read() {
    var header = ReadExactly(2);
    return header == null ? null : encoding.GetString(ReadExactly(header[0] << 8 | header[1]));
  }

  public void Write(string text) {
    var bytes = encoding.GetBytes(text);
    if (bytes.Length > 0xffff) throw new ArgumentException("too long");
    stream.Write(new[] { (byte)(bytes.Length >> 8), (byte)bytes.Length }.Concat(bytes).ToArray(), 0, bytes.Length + 2);
    stream.Flush();
  }

  byte[] ReadExactly(int count) {
    var bytes = new byte[count];
    for (var filled = 0; filled < count;) {
      var more = stream.Read(bytes, filled, count - filled);
      if (more == 0 && filled == 0) return null;
      if (more == 0) throw new EndOfStreamException();
      filled += more;
    }
    return bytes;
  }
}

static class Peer {
  const string Signature = "I am the one true server!";

  static int Main(string[] args) {
    switch (args[0]) {
      case "file-server": return ServeFiles(args[1], int.Parse(args[2]));
      case "file-client": return AskForFile(args[1], args[2]);
      case "echo-server": using (var pipe = Serve(args[1], 1)) return Echo(pipe);
      case "echo-client": using (var pipe = Connect(args[1])) return Echo(pipe);
      case "binary-echo-client": using (var pipe = Connect(args[1])) return EchoBinary(pipe);
    }
    return 2;
  }

  static NamedPipeServerStream Serve(string name, int instances) {
    var pipe = new NamedPipeServerStream(name, PipeDirection.InOut, instances);
    Console.WriteLine("serving");
    pipe.WaitForConnection();
    return pipe;
  }

  static NamedPipeClientStream Connect(string name) {
    var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut);
    pipe.Connect(10000);
    return pipe;
  }

  static int ServeFiles(string name, int clients) {
    var threads = Enumerable.Range(0, clients).Select(_ => new Thread(() => ServeFile(name, clients))).ToList();
    threads.ForEach(thread => thread.Start());
    threads.ForEach(thread => thread.Join());
    return 0;
  }

  static void ServeFile(string name, int instances) {
    using (var pipe = Serve(name, instances)) {
      var strings = new StreamString(pipe);
      strings.Write(Signature);
      var file = strings.Read();
      Console.WriteLine("{0} asks for {1}", pipe.GetImpersonationUserName(), file);
      string contents = null;
      pipe.RunAsClient(() => contents = File.ReadAllText(file));
      strings.Write(contents);
    }
  }

  static int AskForFile(string name, string file) {
    using (var pipe = Connect(name)) {
      var strings = new StreamString(pipe);
      if (strings.Read() != Signature) return 1;
      strings.Write(file);
      Console.Write(strings.Read());
    }
    return 0;
  }

  static int Echo(Stream pipe) {
    var strings = new StreamString(pipe);
    var count = 0;
    for (string text; (text = strings.Read()) != null; count++) strings.Write(text);
    Console.WriteLine("echoed {0}", count);
    return 0;
  }

  static int EchoBinary(Stream pipe) {
    var reader = new BinaryReader(pipe);
    var writer = new BinaryWriter(pipe);
    try {
      for (;;) {
        writer.Write(reader.ReadString());
        writer.Flush();
      }
    } catch (EndOfStreamException) {
      return 0;
    }
  }
}
