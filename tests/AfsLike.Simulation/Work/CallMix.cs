using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Work;

/// <summary>What a program does next.</summary>
internal enum Deed
{
    Stat,
    Read,
    List,
    Write,
    Append,
    MapWrite,
    Truncate,
    CreateExclusive,
    MakeDirectory,
    MakeSymlink,
    Link,
    Remove,
    RemoveDirectory,
    Rename,
    Exchange,
    ChangeMode,
    ChangeTime,
    SetXattr,
    GetXattr,
    Access,
    ReadLink,
    HoldOpen,
    Sync,
    SetAcl,
    Count,
}

/// <summary>How often which deed: drawn from the seed, so that there are runs of little else than renames, and runs of everything.</summary>
internal sealed class CallMix
{
    private static readonly (Deed Deed, int Usual)[] s_usual =
    [
        (Deed.Stat, 24), (Deed.Read, 16), (Deed.List, 8), (Deed.Write, 14), (Deed.Append, 4), (Deed.MapWrite, 2), (Deed.Truncate, 2), (Deed.CreateExclusive, 5),
        (Deed.MakeDirectory, 2), (Deed.MakeSymlink, 2), (Deed.Link, 2), (Deed.Remove, 6), (Deed.RemoveDirectory, 2), (Deed.Rename, 6), (Deed.Exchange, 1),
        (Deed.ChangeMode, 2), (Deed.ChangeTime, 1), (Deed.SetXattr, 1), (Deed.GetXattr, 1), (Deed.Access, 1), (Deed.ReadLink, 1), (Deed.HoldOpen, 2), (Deed.Sync, 1),
        (Deed.SetAcl, 1), (Deed.Count, 1),
    ];

    private readonly List<(Deed Deed, int UpTo)> _steps = [];

    public CallMix(SeededRandom chance)
    {
        var sum = 0;
        foreach (var (deed, usual) in s_usual)
        {
            var weight = chance.Next(8) switch { 0 => 0, 1 => usual * 4, _ => usual };
            if (weight > 0)
            {
                sum += weight;
                _steps.Add((deed, sum));
            }
        }

        if (sum == 0)
        {
            _steps.Add((Deed.Stat, 1));
        }
    }

    public Deed Next(SeededRandom chance)
    {
        var at = chance.Next(_steps[^1].UpTo);
        return _steps.Find(step => at < step.UpTo).Deed;
    }
}
