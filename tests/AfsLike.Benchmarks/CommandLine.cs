using AfsLike.Benchmarks.Report;

namespace AfsLike.Benchmarks;

/// <summary>What can be answered without a cell; `./dev bench` makes one only when this asks for it.</summary>
internal static class CommandLine
{
    public const int Done = 0;
    public const int Broken = 1;
    public const int Misused = 2;

    /// <summary>All is well so far, and a cell is needed to go on.</summary>
    public const int NeedsCell = 3;

    /// <summary>An exit code of those above. An error is one line.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter error)
    {
        try
        {
            var options = BenchOptions.Parse(arguments);
            var chosen = Choose(options.Name);
            if (options.List)
            {
                foreach (var section in chosen)
                {
                    await output.WriteLineAsync($"{section.Name,-16} {section.About}");
                }

                return Done;
            }

            if (options.Compare is var (first, second))
            {
                await output.WriteAsync(Comparison.Between(BenchFile.Read(first), BenchFile.Read(second)));
                return Done;
            }

            return options.Cell is null ? NeedsCell : await Measuring.RunAsync(options, options.Cell, chosen, output, error);
        }
        catch (UsageException wrong)
        {
            await error.WriteLineAsync($"bench: {wrong.Message}");
            return Misused;
        }
        catch (BenchException failure)
        {
            await error.WriteLineAsync($"bench: {failure.Message}");
            return Broken;
        }
    }

    /// <summary>Throws <see cref="UsageException"/> when no section is called so.</summary>
    private static IReadOnlyList<Section> Choose(string? name)
    {
        var chosen = AllSections.InOrder.Where(section => name is null || section.Name.Contains(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return chosen.Count > 0
            ? chosen
            : throw new UsageException($"no section is called '{name}'; there are: {string.Join(", ", AllSections.InOrder.Select(static section => section.Name))}");
    }
}
