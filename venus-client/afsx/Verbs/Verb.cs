using System.CommandLine;

namespace AfsLike.Afsx.Verbs;

/// <summary>Short ways to build the command tree.</summary>
internal static class Verb
{
    /// <summary>A command that talks to this host's daemons and returns an exit code.</summary>
    public static Command Of(string name, string description, Func<ParseResult, Daemons, Task<int>> action, params Symbol[] symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    command.Arguments.Add(argument);
                    break;
                case Option option:
                    command.Options.Add(option);
                    break;
            }
        }

        command.SetAction(async (parsed, _) =>
        {
            using var daemons = new Daemons(parsed);
            return await action(parsed, daemons);
        });
        return command;
    }

    public static Command Group(string name, string description, params Command[] commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands)
        {
            group.Subcommands.Add(command);
        }

        return group;
    }
}
