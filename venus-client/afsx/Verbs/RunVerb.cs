using System.Collections;
using System.CommandLine;
using System.Text;
using AfsLike.Butler.Jobs;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Afsx.Verbs;

/// <summary>`afsx run`: the command line, and what of this process goes along. <see cref="RunClient"/> does the rest.</summary>
internal static class RunVerb
{
    private static readonly string[] ValueOptions = ["--on", "--env", "--dir"];

    private static readonly string[] Environments = ["LANG", "LANGUAGE", "TERM", "COLORTERM", "TZ", "NO_COLOR", "CLICOLOR", "EDITOR", "PAGER"];

    public static Command Build()
    {
        var on = new Option<string>("--on") { Description = "the host that runs it (see `afsx host list`)", HelpName = "HOST", Required = true };
        var environment = new Option<string[]>("--env")
        {
            Description = "a variable for the command: NAME=VALUE, or NAME with its value here; may be given again",
            HelpName = "NAME[=VALUE]",
            AllowMultipleArgumentsPerToken = false,
        };
        var noInput = new Option<bool>("--no-stdin", "-n") { Description = "give the command an empty stdin" };
        var command = new Argument<string[]>("command") { Arity = ArgumentArity.OneOrMore, HelpName = "COMMAND ARGUMENTS..." };
        return Verb.Of(
            "run",
            "run a command on another host: same directory, same user, its output and exit code here",
            async (parsed, daemons) =>
            {
                try
                {
                    var words = parsed.GetRequiredValue(command);
                    var start = new RunStart
                    {
                        Host = parsed.GetRequiredValue(on),
                        Directory = ByteString.CopyFrom(Environment.CurrentDirectory, Encoding.UTF8),
                        Umask = Umask(),
                    };
                    start.Arguments.AddRange(ExactArguments(words));
                    start.Environment.AddRange(Chosen(parsed.GetValue(environment) ?? []).Select(static v => ByteString.CopyFrom(v, Encoding.UTF8)));
                    using var client = new RunClient(daemons, start, parsed.GetValue(noInput));
                    return await client.RunAsync();
                }
                catch (AfsException failure)
                {
                    return CommandLine.Fail(Output.Sentences.Of(failure), (int)ExitCode.NotRun);
                }
            },
            on,
            environment,
            noInput,
            command);
    }

    /// <summary>Puts "--" before the command of `run`, so that its own options stay its own: `afsx run --on c2 make -j2`.</summary>
    public static string[] Separate(string[] arguments)
    {
        var run = -1;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--")
            {
                return arguments;
            }

            if (ValueOptions.Contains(arguments[i]))
            {
                i++;
            }
            else if (!arguments[i].StartsWith('-'))
            {
                if (run >= 0)
                {
                    return [.. arguments[..i], "--", .. arguments[i..]];
                }

                if (arguments[i] != "run")
                {
                    return arguments;
                }

                run = i;
            }
        }

        return arguments;
    }

    /// <summary>Variables that go along by themselves, and those asked for. Throws <see cref="UsageException"/> for one without a name.</summary>
    internal static IEnumerable<string> Chosen(IEnumerable<string> asked)
    {
        var chosen = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (variable is { Key: string name, Value: string value } && (Environments.Contains(name) || name.StartsWith("LC_", StringComparison.Ordinal)))
            {
                chosen[name] = value;
            }
        }

        foreach (var wish in asked)
        {
            var equals = wish.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0 || wish.Length == 0)
            {
                throw new UsageException($"--env {wish} names no variable");
            }

            if (equals > 0)
            {
                chosen[wish[..equals]] = wish[(equals + 1)..];
            }
            else if (Environment.GetEnvironmentVariable(wish) is { } value)
            {
                chosen[wish] = value;
            }
        }

        return chosen.Select(static v => $"{v.Key}={v.Value}");
    }

    /// <summary>The command's words as bytes: .NET replaces what is not UTF-8, the kernel still has them.</summary>
    private static IEnumerable<ByteString> ExactArguments(string[] words)
    {
        var line = File.ReadAllBytes("/proc/self/cmdline");
        var all = new List<ByteString>();
        for (var from = 0; from < line.Length;)
        {
            var end = Array.IndexOf(line, (byte)0, from);
            end = end < 0 ? line.Length : end;
            all.Add(ByteString.CopyFrom(line, from, end - from));
            from = end + 1;
        }

        var exact = all.TakeLast(words.Length).ToArray();
        var same = exact.Length == words.Length && exact.Zip(words).All(static pair => pair.First.ToStringUtf8() == pair.Second);
        return same ? exact : words.Select(static w => ByteString.CopyFrom(w, Encoding.UTF8));
    }

    private static uint Umask()
    {
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(static l => l.StartsWith("Umask:", StringComparison.Ordinal));
        return line is null ? 0b000_010_010 : Convert.ToUInt32(line[6..].Trim(), 8);
    }
}
