// A .NET program of somebody else's runs ours instead: DOTNET_STARTUP_HOOKS names this assembly, FRAMEPIPE_PROGRAM the program,
// and FRAMEPIPE_UID, if it is there, the user that it becomes before.
using System;
using System.Reflection;
using System.Runtime.InteropServices;

static class StartupHook {
  [DllImport("libc.so.6")] static extern int setgroups(UIntPtr count, uint[] groups);
  [DllImport("libc.so.6")] static extern int setgid(uint gid);
  [DllImport("libc.so.6")] static extern int setuid(uint uid);

  public static void Initialize() {
    var program = Assembly.LoadFrom(Environment.GetEnvironmentVariable("FRAMEPIPE_PROGRAM"));
    var user = Environment.GetEnvironmentVariable("FRAMEPIPE_UID");
    if (user != null) {
      // Only now: the program may be where nobody else may look.
      var id = uint.Parse(user);
      if (setgroups((UIntPtr)0, null) != 0 || setgid(id) != 0 || setuid(id) != 0) Environment.Exit(250);
    }
    var words = Environment.GetCommandLineArgs();
    var arguments = new string[words.Length - 1];
    Array.Copy(words, 1, arguments, 0, arguments.Length);
    var code = program.EntryPoint.Invoke(null, new object[] { arguments });
    Environment.Exit((int)code);
  }
}
