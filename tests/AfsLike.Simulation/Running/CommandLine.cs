using System.Globalization;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Running;

/// <summary>What the program was asked to do.</summary>
/// <param name="Run">The one run; null: fresh seeds.</param>
/// <param name="Seeds">First and last of the seeds to run, each once; null: fresh ones.</param>
/// <param name="Minutes">Of real time, for fresh seeds.</param>
/// <param name="Template">Options of runs with fresh seeds.</param>
/// <param name="Processors">Runs at once.</param>
/// <param name="Lines">Of what led to a failure, which is then not made smaller; null: the usual ones, of a smaller run where one is found.</param>
internal sealed record CommandLine(RunOptions? Run, (ulong First, ulong Last)? Seeds, double Minutes, RunOptions Template, int Processors, string Commit, int? Lines)
{
    public const double DefaultMinutes = 1;

    public const string Usage =
        "usage: ./dev sim [--seed S | --seeds FIRST-LAST | --minutes M] [--clients N] [--operations N] [--faults LIST|none] [--processors N] [--lines N]";

    private static readonly string[] s_known = ["--seed", "--seeds", "--minutes", "--clients", "--operations", "--faults", "--processors", "--commit", "--lines"];

    /// <summary>Throws <see cref="UsageException"/>.</summary>
    public static CommandLine Parse(IReadOnlyList<string> words)
    {
        var given = Pairs(words);
        var template = new RunOptions(0)
        {
            Clients = Number(given, "--clients", 1, CellPlan.MostClients) ?? CellPlan.MostClients,
            Operations = Number(given, "--operations", 1, 100_000_000) ?? RunOptions.DefaultOperations,
            Faults = given.TryGetValue("--faults", out var list) ? Faults(list) : null,
        };
        var seed = given.TryGetValue("--seed", out var text) ? Seed(text) : (ulong?)null;
        var seeds = given.TryGetValue("--seeds", out var range) ? SeedsOf(range) : ((ulong, ulong)?)null;
        if (seeds is not null && (seed is not null || given.ContainsKey("--minutes")))
        {
            throw new UsageException("--seeds and --seed or --minutes do not go together: each seed of the range is run once");
        }

        foreach (var (with, why) in new[] { ("--minutes", "one seed is one run of fixed length"), ("--processors", "one seed runs on one processor") })
        {
            if (seed is not null && given.ContainsKey(with))
            {
                throw new UsageException($"--seed and {with} do not go together: {why}");
            }
        }

        if (seed is null && template.Faults is { Count: > 0 })
        {
            throw new UsageException("--faults names faults of one seed: give --seed too");
        }

        return new CommandLine(
            seed is { } one ? template with { Seed = one } : null, seeds, MinutesOf(given), template,
            Number(given, "--processors", 1, 64) ?? Environment.ProcessorCount, given.GetValueOrDefault("--commit", "unknown"),
            Number(given, "--lines", 1, Transcript.Kept));
    }

    private static Dictionary<string, string> Pairs(IReadOnlyList<string> words)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < words.Count; i += 2)
        {
            if (!s_known.Contains(words[i]))
            {
                throw new UsageException($"'{words[i]}' is not known here");
            }

            if (i + 1 == words.Count)
            {
                throw new UsageException($"{words[i]} needs a value");
            }

            if (!given.TryAdd(words[i], words[i + 1]))
            {
                throw new UsageException($"{words[i]} is given twice");
            }
        }

        return given;
    }

    private static ulong Seed(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
        ? seed
        : throw new UsageException($"'{text}' is no seed: a seed is a decimal number below 2^64");

    private static (ulong First, ulong Last) SeedsOf(string text)
    {
        var ends = text.Split('-');
        var (first, last) = ends.Length == 2 ? (Seed(ends[0]), Seed(ends[1])) : throw new UsageException($"--seeds is FIRST-LAST, two seeds, not '{text}'");
        return first <= last ? (first, last) : throw new UsageException($"--seeds is FIRST-LAST, the smaller one first, not '{text}'");
    }

    private static double MinutesOf(Dictionary<string, string> given)
    {
        if (!given.TryGetValue("--minutes", out var text))
        {
            return DefaultMinutes;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= 100_000
            ? minutes
            : throw new UsageException($"--minutes is a number above 0, not '{text}'");
    }

    private static int? Number(Dictionary<string, string> given, string name, int least, int most)
    {
        if (!given.TryGetValue(name, out var text))
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new UsageException($"{name} is a whole number from {least} to {most}, not '{text}'");
    }

    private static SortedSet<int> Faults(string list)
    {
        var kept = new SortedSet<int>();
        foreach (var word in list == "none" ? [] : list.Split(','))
        {
            kept.Add(int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new UsageException($"--faults is 'none' or numbers of faults with commas between, not '{list}'"));
        }

        return kept;
    }
}
