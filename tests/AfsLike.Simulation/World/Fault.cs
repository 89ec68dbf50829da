using System.Globalization;

namespace AfsLike.Simulation.World;

/// <summary>What can go wrong.</summary>
public enum FaultKind
{
    /// <summary>Nothing gets from a client to the server.</summary>
    CutTowardsServer,

    /// <summary>Nothing gets from the server to a client.</summary>
    CutTowardsClient,

    CutBothWays,

    /// <summary>Everything between a client and the server takes many times as long.</summary>
    SlowLink,

    /// <summary>The connections of a client end, and what was under way is lost.</summary>
    BreakConnections,

    KillVenus,

    /// <summary>SIGSTOP and SIGCONT.</summary>
    FreezeVenus,

    SuspendClient,

    CutClientPower,

    FillCacheDisk,

    KillButler,

    FreezeButler,

    KillVice,

    FreezeVice,

    CutServerPower,

    /// <summary>One write of the server fails; the server ends, as it must.</summary>
    FailServerWrite,

    FillServerDisk,

    /// <summary>A bit of what the server has stored turns over, for good.</summary>
    RotServerDisk,
}

/// <summary>One thing that goes wrong, and for how long.</summary>
/// <param name="Number">Its place in the plan: a shrunk run names the ones it keeps.</param>
/// <param name="At">True time since the cell stood.</param>
/// <param name="Client">Index of the client it befalls; faults of the server have none to befall.</param>
public sealed record Fault(int Number, TimeSpan At, FaultKind Kind, int Client, TimeSpan For)
{
    public bool IsOfServer => Kind >= FaultKind.KillVice;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Number}: {At.TotalSeconds:0.000} s {Kind}{(IsOfServer ? "" : $" c{Client + 1}")} for {For.TotalSeconds:0.000} s");
}
