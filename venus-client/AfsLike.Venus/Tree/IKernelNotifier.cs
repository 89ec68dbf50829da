using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Takes back what the kernel was given. A task completes when the kernel no longer answers from it. None of them ever
/// waits for a request that the tree has not answered yet: where the kernel's own locks stand in the way for longer than
/// <see cref="Patience"/>, the front-end falls back to invalidating everything, which needs no lock (RULES.md 1), and
/// completes with <see cref="TakenBack.WithEverything"/>.
/// </summary>
public interface IKernelNotifier
{
    static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The names of a directory changed, and with them its listing and attributes. <paramref name="mutationPending"/>: a
    /// request of our own kernel is changing this directory right now, so its lock is held: do not even try.
    /// </summary>
    Task<TakenBack> InvalidateNamesAsync(NodeId directory, IReadOnlyList<FileName> names, bool mutationPending);

    /// <summary>
    /// Names of this directory are being taken back. What the kernel still believes of them goes along when one of its renames moves a name, and the notice finds it no more under the old one.
    /// </summary>
    bool IsTakingBack(NodeId directory);

    /// <summary>The attributes of a node changed; and its contents, when <paramref name="contents"/> (a directory: its listing).</summary>
    Task InvalidateNodeAsync(NodeId node, bool contents);

    /// <summary>
    /// What mappings have written to a file that is not passed through is written, and no page of it is left. Waits for as long as that takes; so nothing may be held meanwhile for which a reader or writer of the file waits.
    /// </summary>
    Task DropPagesAsync(NodeId node);

    /// <summary>Nothing the kernel holds is to be trusted (a lost lease): all names, the attributes of all <paramref name="nodes"/>, which are read before this returns.</summary>
    Task InvalidateEverythingAsync(IReadOnlyCollection<NodeId> nodes);

    /// <summary>The local file behind this number will not be handed out again.</summary>
    void DropBacking(ulong backing);
}

public enum TakenBack : byte
{
    /// <summary>Just what was asked.</summary>
    Precisely,

    /// <summary>All names of the mount: the directory is contended, keep it uncached for a while.</summary>
    WithEverything,
}
