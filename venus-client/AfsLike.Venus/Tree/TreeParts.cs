using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Venus.Cache;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;
using AfsLike.Venus.Servers;

namespace AfsLike.Venus.Tree;

/// <summary>What the tree stands on. Everything in it lives on <see cref="Strand"/>.</summary>
public sealed record TreeParts
{
    public required Strand Strand { get; init; }

    public required ViceServer Server { get; init; }

    public required VolumeNames Volumes { get; init; }

    public required Principals Principals { get; init; }

    public required IContentCache Cache { get; init; }

    /// <summary>The front-end's kernel. Known before the tree is, but told nothing before the tree is attached to it.</summary>
    public required IKernelNotifier Kernel { get; init; }

    public required IMountJournal Journal { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>One line for the log.</summary>
    public required Action<string> Log { get; init; }

    public Knowledge Knowledge { get; init; } = new();

    /// <summary>Supplementary groups of a process, by its id. Throws AfsException AccessDenied for one that is not known.</summary>
    public Func<uint, IReadOnlyList<uint>> GroupsOf { get; init; } = static _ => [];

    public TreeSettings Settings { get; init; } = new();

    /// <summary>Who asks: to the cell, and to this machine.</summary>
    public Login WhoIs(Caller caller) =>
        Principals.Of(caller.Uid) with { Unix = new UnixCaller(caller.Uid, caller.Gid, caller.Pid, GroupsOf) };
}

public sealed record TreeSettings
{
    /// <summary>A file longer than this, opened for reading only and not cached yet, is read as it comes instead of fetched first. Bytes.</summary>
    public long StreamAbove { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Longer files that are opened for reading and writing, or were synced while they were open for writing, are not passed through: <see cref="OpenKind.Recorded"/>. Bytes.</summary>
    public long RecordAbove { get; init; } = 4 * Limits.ChunkSize;

    /// <summary>
    /// Set-uid and set-gid programs get from this machine's kernel what they ask for: then files of volumes on which ACLs decide are shown without these bits, since every user of the cell can set them there.
    /// </summary>
    public bool HidePrivileges { get; init; }

    /// <summary>How long the kernel is told nothing for good about a directory that two hosts were found to write at once (RULES.md 1).</summary>
    public TimeSpan ContendedFor { get; init; } = TimeSpan.FromSeconds(1);
}
