using AfsLike.Butler.Execution;
using AfsLike.Common.Model;

namespace AfsLike.Afsx;

/// <summary>
/// `cell init` and `cell join` are done by the daemons' own programs: afsx becomes them, with the rest of the command line as
/// it was typed. They are looked for in $AFSX_LIBEXEC, beside afsx, and in directories of their names beside afsx's.
/// </summary>
internal static class SiblingProgram
{
    public static bool IsAskedFor(string[] arguments) => Split(arguments) is { } found && !found.Others.Contains("--help") && !found.Others.Contains("-h");

    /// <summary>Returns only on failure. Throws NotFound when the program is not installed.</summary>
    public static int Become(string[] arguments)
    {
        var (program, verb, rest) = Split(arguments)!.Value;
        var path = Find(program);
        var reason = ProgramExec.Become(path, [verb, .. rest]);
        throw new AfsException(AfsError.NotFound, $"{path} cannot be executed: {reason}");
    }

    public static string Find(string program)
    {
        var here = AppContext.BaseDirectory;
        var libexec = Environment.GetEnvironmentVariable("AFSX_LIBEXEC");
        string[] places =
        [
            .. libexec is null ? Array.Empty<string>() : [Path.Combine(libexec, program), Path.Combine(libexec, program, program)],
            Path.Combine(here, program),
            Path.GetFullPath(Path.Combine(here, "..", program, program)),
        ];
        return places.FirstOrDefault(File.Exists) ?? throw new AfsException(
            AfsError.NotFound, $"{program} is not installed beside afsx ({here}); install it there or set AFSX_LIBEXEC to its directory");
    }

    /// <summary>Program, verb and the arguments after it; options before `cell` come along.</summary>
    private static (string Program, string Verb, string[] Others)? Split(string[] arguments)
    {
        var before = new List<string>();
        for (var i = 0; i + 1 < arguments.Length; i++)
        {
            if (arguments[i] == "--dir")
            {
                before.AddRange(arguments[i..(i + 2)]);
                i++;
                continue;
            }

            if (arguments[i].StartsWith('-'))
            {
                before.Add(arguments[i]);
                continue;
            }

            string[] rest = [.. arguments[(i + 2)..], .. before];
            return (arguments[i], arguments[i + 1]) switch
            {
                ("cell", "init") => ("vice-server", "init", rest),
                ("cell", "join") => ("venus-client", "join", rest),
                _ => null,
            };
        }

        return null;
    }
}
