using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Afsx.Verbs;
using AfsLike.Common.Model;

namespace AfsLike.Afsx;

/// <summary>All verbs of afsx, and what holds for every one of them: one line for an error, and the exit codes.</summary>
internal static class CommandLine
{
    /// <summary>The command line itself is wrong.</summary>
    private const int UsageError = 2;

    private const int Failed = 1;

    public static Option<string?> Directory { get; } = new("--dir")
    {
        Description = "this host's client directory (else $AFSX_DIR, else /var/lib/afslike/client)",
        HelpName = "DIRECTORY",
        Recursive = true,
    };

    public static Option<bool> Json { get; } = new("--json") { Description = "write JSON", Recursive = true };

    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            if (SiblingProgram.IsAskedFor(arguments))
            {
                return SiblingProgram.Become(arguments);
            }

            var parsed = Root().Parse(RunVerb.Separate(arguments));
            if (parsed.Errors.Count > 0)
            {
                var wrong = parsed.UnmatchedTokens.Count > 0 ? $"'{parsed.UnmatchedTokens[0]}' is not known here" : parsed.Errors[0].Message;
                return Fail($"{wrong} (see `afsx {Path(parsed)}--help`)", UsageError);
            }

            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (UsageException wrong)
        {
            return Fail(wrong.Message, UsageError);
        }
        catch (AfsException failure)
        {
            return Fail(Sentences.Of(failure), Failed);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(failure.Message, Failed);
        }
    }

    public static RootCommand Root()
    {
        var root = new RootCommand("AfsLike: one file system for all machines of a cell, and their processors with it.");
        root.Options.Add(Directory);
        root.Options.Add(Json);
        foreach (var command in (Command[])
        [
            CellVerbs.Build(), UserVerbs.Build(), .. LoginVerbs.Build(), VolumeVerbs.Build(), AclVerbs.Build(), CacheVerbs.Build(),
            .. StatusVerbs.Build(), RunVerb.Build(), .. JobVerbs.Build(), HostVerbs.Build(),
        ])
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    /// <summary>One line on stderr. Returns the exit code, so that it can be returned with it.</summary>
    public static int Fail(string line, int code)
    {
        Console.Error.WriteLine($"afsx: {line.ReplaceLineEndings(" ")}");
        return code;
    }

    private static string Path(ParseResult parsed)
    {
        var path = "";
        for (var result = parsed.CommandResult; result.Command is not RootCommand; result = (System.CommandLine.Parsing.CommandResult)result.Parent!)
        {
            path = result.Command.Name + " " + path;
        }

        return path;
    }
}

/// <summary>The command line asks for what makes no sense; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
