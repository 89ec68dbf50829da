using AfsLike.Common.Model;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Work;

/// <summary>
/// The names programs use: a few directories with a few names each, so that they meet. How few, and how often a program stays in a directory of its own, is drawn from the seed. Paths are relative to the
/// directory that all start in.
/// </summary>
internal sealed class Place
{
    private readonly int _directories;
    private readonly int _names;
    private readonly int _aloneInTen;

    public Place(SeededRandom chance)
    {
        _directories = chance.Next(1, 5);
        _names = chance.Next(2, 24);
        _aloneInTen = chance.Of([0, 0, 3, 7, 9]);
    }

    /// <summary>The directories that are there from the beginning.</summary>
    public IEnumerable<FileName> Directories => Enumerable.Range(0, _directories).Select(Shared);

    /// <summary>A path of two or three names.</summary>
    /// <param name="program">Whose own directory it may lead to.</param>
    public FileName[] Any(SeededRandom chance, int program)
    {
        var directory = chance.Next(10) < _aloneInTen ? FileName.From($"own{program}") : Shared(chance.Next(_directories));
        var name = FileName.From($"n{chance.Next(_names)}");
        return chance.OneIn(6) ? [directory, FileName.From($"d{chance.Next(3)}"), name] : [directory, name];
    }

    /// <summary>Where directories are made and removed.</summary>
    public FileName[] AnyDirectory(SeededRandom chance, int program) => [Any(chance, program)[0], FileName.From($"d{chance.Next(3)}")];

    private static FileName Shared(int number) => FileName.From($"dir{number}");
}
