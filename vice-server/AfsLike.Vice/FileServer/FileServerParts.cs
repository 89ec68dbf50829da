using AfsLike.Vice.Admin;
using AfsLike.Vice.Jobs;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>Who answers what in a file server. <see cref="ViceService"/> puts them together.</summary>
public sealed record FileServerParts
{
    public required VolumeSet Volumes { get; init; }

    public required PromiseKeeper Promises { get; init; }

    public required Orphans Orphans { get; init; }

    public required Reading Reading { get; init; }

    public required Changing Changing { get; init; }

    public required Storing Storing { get; init; }

    public required Locking Locking { get; init; }

    public required VolumeCalls VolumeCalls { get; init; }

    public required CellCalls CellCalls { get; init; }

    public required IdentityCalls Identity { get; init; }

    public required JobRouter Jobs { get; init; }

    public required CellStore Store { get; init; }

    public required HostTable Hosts { get; init; }

    public required RememberedCalls Calls { get; init; }

    public required Counters Counters { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>One line for the log.</summary>
    public required Action<string> Log { get; init; }
}
