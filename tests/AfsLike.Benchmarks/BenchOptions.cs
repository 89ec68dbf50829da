namespace AfsLike.Benchmarks;

/// <summary>A run that cannot go on, in one line.</summary>
internal class BenchException(string message) : Exception(message);

/// <summary>A command line that makes no sense, or names what is not there, in one line. Exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <param name="Cell">Directory of a cell of two clients that is up; null when nobody has made one yet.</param>
/// <param name="Name">Only sections whose names contain it.</param>
/// <param name="Json">Where the figures go for later comparison.</param>
/// <param name="Compare">Two such files: nothing is measured, they are compared.</param>
/// <param name="List">Nothing is measured, the sections are named.</param>
/// <param name="Peers">Other file systems beside ours.</param>
internal sealed record BenchOptions(string? Cell, string? Name, string? Json, (string First, string Second)? Compare, bool List, bool Peers)
{
    public const string Usage = "usage: ./dev bench [NAME] [--peers] [--json FILE] | --list | --compare A.json B.json";

    /// <summary>Throws <see cref="UsageException"/>.</summary>
    public static BenchOptions Parse(string[] arguments)
    {
        var options = new BenchOptions(null, null, null, null, false, false);
        for (var i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--cell" when i + 1 < arguments.Length => options with { Cell = arguments[++i] },
                "--json" when i + 1 < arguments.Length => options with { Json = arguments[++i] },
                "--compare" when i + 2 < arguments.Length => options with { Compare = (arguments[++i], arguments[++i]) },
                "--list" => options with { List = true },
                "--peers" => options with { Peers = true },
                "--compare" => throw new UsageException($"--compare takes two files; {Usage}"),
                "--json" => throw new UsageException($"--json takes a file; {Usage}"),
                var word when word.Length > 0 && !word.StartsWith('-') && options.Name is null => options with { Name = word },
                var word => throw new UsageException($"'{word}' is not known here; {Usage}"),
            };
        }

        var alone = options is { Name: null, Json: null, Peers: false };
        return (options.List || options.Compare is not null) && (!alone || (options.List && options.Compare is not null))
            ? throw new UsageException($"--list and --compare stand alone; {Usage}")
            : options;
    }
}
