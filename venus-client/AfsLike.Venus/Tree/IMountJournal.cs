using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

public enum JournalKind : byte
{
    None,
    Node,
    Opened,
    Closed,

    /// <summary>An owner of locks has given up all it had of a file; what it still has follows.</summary>
    Unlocked,
    Locked,

    /// <summary>The local file of a node is being brought up to date in place, and is neither the one version nor the other. Modes: Write, when somebody here holds a lock under which he may be writing meanwhile.</summary>
    Refreshing,
    Refreshed,

    /// <summary>How a local file that is open for writing was when it was last what the server has: number in Number, length in Node, modification time in Version.</summary>
    Unchanged,
    Settled,

    /// <summary>A lock of a file was lost: until everybody here has closed it.</summary>
    Lost,
    Found,

    /// <summary>As <see cref="Refreshing"/>, of one in which something is not stored.</summary>
    Merging,

    /// <summary>Somebody here has locked what is open on a node (<see cref="OpenFile.IsShared"/>).</summary>
    Shared,
    Unshared,
}

/// <summary>
/// What a restarted daemon must know to go on under a living mount (promise F2): numbers given to nodes that do not tell their fid, and
/// the handles that are open, and the locks. <see cref="Number"/> is the node's, the handle's, or that of the owner of a lock: see <see cref="JournaledLock"/>.
/// </summary>
public readonly record struct JournalRecord(JournalKind Kind, ulong Number, Fid Fid, NodeId Node, OpenModes Modes, uint Uid, DataVersion Version);

/// <summary>Remembers for the life of one mount. Must survive the daemon's death, not the machine's: the mount does not either.</summary>
public interface IMountJournal
{
    /// <summary>What still holds: nodes, and handles opened and not closed. Empty for a new mount.</summary>
    IReadOnlyList<JournalRecord> Load();

    void Append(in JournalRecord record);

    /// <summary>All of them, or none.</summary>
    void Append(IReadOnlyList<JournalRecord> records);
}

/// <summary>For front-ends whose kernel does not outlive them, and for tests.</summary>
public sealed class NoMountJournal : IMountJournal
{
    public IReadOnlyList<JournalRecord> Load() => [];

    public void Append(in JournalRecord record)
    {
    }

    public void Append(IReadOnlyList<JournalRecord> records)
    {
    }
}
