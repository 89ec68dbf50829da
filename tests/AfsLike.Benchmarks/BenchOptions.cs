namespace AfsLike.Benchmarks;

/// <summary>A run that cannot go on, in one line.</summary>
internal sealed class BenchException(string message) : Exception(message);

/// <param name="Cell">Directory of a cell of two clients that is up.</param>
/// <param name="Name">Only sections whose names contain it.</param>
/// <param name="Json">Where the figures go for later comparison.</param>
internal sealed record BenchOptions(string Cell, string? Name, string? Json)
{
    /// <summary>Throws <see cref="BenchException"/>.</summary>
    public static BenchOptions Parse(string[] arguments)
    {
        string? cell = null, name = null, json = null;
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--cell" when i + 1 < arguments.Length:
                    cell = arguments[++i];
                    break;
                case "--json" when i + 1 < arguments.Length:
                    json = arguments[++i];
                    break;
                case var word when !word.StartsWith('-') && name is null:
                    name = word;
                    break;
                default:
                    throw new BenchException($"'{arguments[i]}' is not known here; usage: ./dev bench [NAME] [--json FILE]");
            }
        }

        return new BenchOptions(cell ?? throw new BenchException("no cell; run it as ./dev bench"), name, json);
    }
}
