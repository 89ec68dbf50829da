using AfsLike.Common.Sessions;
using AfsLike.Venus.Tree;

namespace AfsLike.Simulation.World;

/// <summary>How large a cell is, and how patient.</summary>
public sealed record CellPlan
{
    public const int MostClients = 20;

    public const string CellName = "sim";

    /// <summary>The volume programs work in, at /afs/sim/scratch.</summary>
    public const string Scratch = "scratch";

    /// <summary>A volume in which modes decide, at /afs/sim/scratch/posix, where there is one.</summary>
    public const string Posix = "posix";

    public int Clients { get; init; } = MostClients;

    public bool HasPosixVolume { get; init; }

    public SessionSettings Settings { get; init; } = new();

    public TreeSettings Tree { get; init; } = new();

    /// <summary>Bytes of clean files each client keeps.</summary>
    public long CacheBudget { get; init; } = 64L * 1024 * 1024;

    /// <summary>Clocks differ from true time by up to so many parts in a million: two of them by up to 1 in 100, as leases allow for.</summary>
    public int Drift { get; init; } = 4_900;

    /// <summary>Promises one client may hold.</summary>
    public int PromisesPerClient { get; init; } = 1_000_000;
}
