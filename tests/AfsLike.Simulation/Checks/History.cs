using AfsLike.Common.Model;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.World;
using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// What programs were shown, each thing measured by the <see cref="Truth"/> the moment it is shown. Nothing is collected for later: a promise that is broken ends the run where it broke. All moments
/// are counts of one clock that ticks with each event, so there is never a doubt which of two came first.
/// </summary>
internal sealed class History : IKernelWitness
{
    private readonly Dictionary<(int Host, ulong Inode), Writers> _writers = [];
    private readonly Action<Exception> _broken;
    private long _now;

    public History(Action<Exception> broken)
    {
        _broken = broken;
        Truth = new Truth(Tick, [new VersionsRise(), Links, Kept, Once]);
        Rights = new RightsHold(Truth, broken);
        Locks = new LocksHold(broken);
    }

    public Truth Truth { get; }

    public LinksCount Links { get; } = new();

    public NothingIsLost Kept { get; } = new();

    public Once Once { get; } = new();

    public RightsHold Rights { get; }

    public LocksHold Locks { get; }

    /// <summary>Things shown and held against the truth.</summary>
    public long Checked { get; private set; }

    public long Tick() => ++_now;

    /// <summary>What uid a host shows for a user.</summary>
    public Func<int, UserId, uint> UidOf { get; set; } = static (_, user) => user.Value;

    /// <summary>Whether a chunk is not what was stored any more.</summary>
    public Predicate<ulong> IsDamaged { get; set; } = static _ => false;

    public void NameSeen(ModelKernel kernel, long begun, uint uid, ulong directory, FileName name, ulong inode)
    {
        if (Inodes.FidOf(directory).Volume.Value == 0)
        {
            return; // the mount's root, of which the kernel was never told the number
        }

        var line = Truth.NameOf(directory, name);
        if (Truth.KindOf(line.Last) == VnodeKind.MountPoint)
        {
            return; // shown as the root of the volume behind it
        }

        Show(() => line.Show(kernel.Number, begun, Tick(), child => child == inode, () =>
            $"{kernel.Host} was shown '{name}' of {Inodes.FidOf(directory)} as {(inode == 0 ? "absent" : Inodes.FidOf(inode))}"));
        Rights.MustHold(kernel, begun, uid, directory, Common.Model.Rights.Lookup, () => $"was shown '{name}'");
    }

    public void ChangeAsked(ModelKernel kernel, ulong request, string call) => Once.Asked(kernel.OperationOf(request), call);

    public void WriterBegins(ModelKernel kernel, ulong inode) => WritersOf(kernel.Number, inode).Count++;

    public void WriterEnds(ModelKernel kernel, ulong inode)
    {
        var writers = WritersOf(kernel.Number, inode);
        writers.Count--;
        writers.Ended = Tick();
    }

    /// <summary>What was written here could not be stored, or its host died with it: from now on the host may show it or not.</summary>
    public void WriterFailed(ModelKernel kernel, ulong inode) => WritersOf(kernel.Number, inode).Failed = true;

    /// <summary>The host is gone, with all it had open for writing.</summary>
    public void HostDied(int host)
    {
        foreach (var ((where, _), writers) in _writers)
        {
            if (where == host)
            {
                writers.Failed |= writers.Count > 0;
                writers.Count = 0;
            }
        }
    }

    public void Defect(ModelKernel kernel, string what) => _broken(new PromiseBrokenException("defect", $"{kernel.Host}: {what}"));

    /// <summary>Nobody on this host has had it open for writing since then, so that it shows what the server has.</summary>
    public bool IsClean(int host, ulong inode, long begun) =>
        !_writers.TryGetValue((host, inode), out var writers) || (writers is { Count: 0, Failed: false } && writers.Ended < begun);

    /// <summary>stat(2) of a path.</summary>
    public void StatusSeen(ModelKernel kernel, long begun, in NodeAttributesSeen seen)
    {
        var (shown, clean) = (seen, IsClean(kernel.Number, seen.Inode, begun));
        Show(() => Truth.VnodeOf(shown.Inode).Status.Show(kernel.Number, begun, Tick(), status => Matches(kernel.Number, status, shown, clean), () =>
            $"{kernel.Host} was shown {Inodes.FidOf(shown.Inode)} as {shown}"));
    }

    /// <summary>The whole contents, read through a handle for reading that was opened when this began, while nobody had it open for writing on this host.</summary>
    public void ContentsSeen(ModelKernel kernel, long begun, ulong inode, byte[] bytes)
    {
        if (IsClean(kernel.Number, inode, begun))
        {
            Show(() => Truth.VnodeOf(inode).Content.Show(kernel.Number, begun, Tick(), content => Contents.Are(content, bytes), () =>
                $"{kernel.Host} read {Contents.Describe(bytes)} from {Inodes.FidOf(inode)}"));
        }
    }

    /// <summary>getxattr(2).</summary>
    public void XattrSeen(ModelKernel kernel, long begun, ulong inode, ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> value) =>
        Show(() => Truth.VnodeOf(inode).Xattrs.Show(kernel.Number, begun, Tick(), all => all.Exists(one => name.Span.SequenceEqual(one.Name) && value.Span.SequenceEqual(one.Value)), () =>
            $"{kernel.Host} read '{System.Text.Encoding.ASCII.GetString(value.Span)}' from an attribute of {Inodes.FidOf(inode)}"));

    /// <summary>A listing, from its opendir to its end. "." and ".." are not in it.</summary>
    public void ListingSeen(ModelKernel kernel, long begun, uint uid, ulong directory, IReadOnlyList<ListedName> names)
    {
        Rights.MustHold(kernel, begun, uid, directory, Common.Model.Rights.Lookup, static () => "was shown a listing");
        var listed = new Dictionary<FileName, ulong>(names.Count);
        foreach (var name in names)
        {
            if (!listed.TryAdd(name.Name, name.Inode))
            {
                _broken(new PromiseBrokenException("C1", $"{kernel.Host} was shown a listing of {Inodes.FidOf(directory)} with '{name.Name}' twice"));
            }
        }

        foreach (var (name, line) in Truth.VnodeOf(directory).Names)
        {
            if (Truth.KindOf(line.Last) != VnodeKind.MountPoint)
            {
                listed.Remove(name, out var inode);
                Show(() => line.Show(kernel.Number, begun, Tick(), child => child == inode, () =>
                    $"{kernel.Host} was shown a listing of {Inodes.FidOf(directory)} {(inode == 0 ? "without" : "with")} '{name}'{(inode == 0 ? "" : $" as {Inodes.FidOf(inode)}")}"));
            }
            else
            {
                listed.Remove(name);
            }
        }

        foreach (var (name, _) in listed)
        {
            _broken(new PromiseBrokenException("C1", $"{kernel.Host} was shown a listing of {Inodes.FidOf(directory)} with '{name}', which was never in it"));
        }
    }

    /// <summary>
    /// A call was refused because a name exists, or does not: that must have been so at some time while it ran, and not by its own doing. Whoever asks again after a lost answer must not be refused for
    /// what he has done himself (D2).
    /// </summary>
    /// <param name="looked">The names that the call has looked for: one of them explains it.</param>
    public void RefusalSeen(
        ModelKernel kernel, long begun, IReadOnlyList<(ulong Directory, FileName Name)> looked, bool exists, IReadOnlyList<OperationId> own)
    {
        Checked++;
        foreach (var (directory, name) in looked)
        {
            if (Truth.NameOf(directory, name).MayBe(begun, (by, child) => child != 0 == exists && (by?.Operation is not { } operation || !own.Contains(operation))))
            {
                return;
            }
        }

        if (looked.Count > 0)
        {
            var (directory, name) = looked[^1];
            _broken(new PromiseBrokenException(
                "D2", $"{kernel.Host} was refused because '{name}' {(exists ? "exists" : "does not exist")} in {Inodes.FidOf(directory)}; while the call ran that was only so by what the call itself had done, if at all"));
        }
    }

    /// <summary>D3: a call was told of damage. There must be some, in what the last of its names leads to, or in any version of the file that it has open.</summary>
    /// <param name="open">0: none.</param>
    public void DamageSeen(ModelKernel kernel, long begun, IReadOnlyList<(ulong Directory, FileName Name)> looked, ulong open, Func<string> call)
    {
        Checked++;
        var isRight = open != 0 ? IsHarmed(open, 0) : looked.Count > 0 && Truth.NameOf(looked[^1].Directory, looked[^1].Name).MayBe(begun, (_, child) => IsHarmed(child, begun));
        if (!isRight)
        {
            Defect(kernel, $"{call()} ended with Corrupted, and what it came to is sound");
        }

        bool IsHarmed(ulong inode, long since) => Truth.VnodeOf(inode).Content.MayBe(since, (_, content) => content.Chunks.Any(chunk => IsDamaged(chunk.Id)));
    }

    /// <summary>
    /// close(2) or fsync(2) of a file that one program alone has written on this host has returned well: the server has had these very bytes since the call began.
    /// </summary>
    public void StoreSeen(ModelKernel kernel, long begun, ulong inode, byte[] bytes)
    {
        Checked++;
        var vnode = Truth.VnodeOf(inode);
        var isNameless = vnode.Status.MayBe(kernel.Number, begun, status => status is null or { LinkCount: 0 });
        if (!isNameless && !vnode.Content.MayBe(kernel.Number, begun, content => Contents.Are(content, bytes)))
        {
            _broken(new PromiseBrokenException(
                "D1", $"{kernel.Host} was told that {Contents.Describe(bytes)} are stored in {Inodes.FidOf(inode)}; the server has not had them since, but {vnode.Content.LastBy}"));
        }
    }

    /// <summary>Who asks alone has the file open for writing on this host, and nobody else has had since.</summary>
    public bool IsAlone(int host, ulong inode, long since) =>
        _writers.TryGetValue((host, inode), out var writers) && writers is { Count: 1, Failed: false } && writers.Ended < since;

    /// <summary>A call that changes something has returned well: its changes bind everybody from now on, and must be there.</summary>
    public void Answered(ModelKernel kernel, IReadOnlyList<OperationId> own, Func<string> call, bool mustHaveChanged)
    {
        Checked++;
        var any = false;
        foreach (var operation in own)
        {
            any |= Truth.Find(operation) is not null;
            Truth.Answer(operation);
        }

        if (mustHaveChanged && !any)
        {
            _broken(new PromiseBrokenException("D1", $"{kernel.Host} was told that {call()} is done, and the server has not committed it"));
        }
    }

    /// <summary>A server starts with the disk it had.</summary>
    public void Restarted(IOrderedStore disk)
    {
        Show(() => Truth.Restarted(disk));
        Links.CountAgain(Truth);
    }

    /// <summary>Nothing is under way any more, so nobody may be shown anything but the last state.</summary>
    public void Quiet() => Truth.AnswerEverything();

    private static bool SameTimes(VnodeStatus status, in NodeAttributesSeen seen) => status.Length == seen.Length && status.ModifyTime == seen.ModifyTime;

    private bool Matches(int host, VnodeStatus? status, in NodeAttributesSeen seen, bool clean) =>
        status is null
            ? seen.LinkCount == 0
            : status.Kind == seen.Kind && status.Mode == seen.Mode && status.LinkCount == seen.LinkCount
                && (status.IsPosix ? status.Owner.Value : UidOf(host, status.Owner)) == seen.Uid && (!clean || SameTimes(status, seen));

    private void Show(Action show)
    {
        Checked++;
        try
        {
            show();
        }
        catch (PromiseBrokenException promise)
        {
            _broken(promise);
        }
    }

    private Writers WritersOf(int host, ulong inode)
    {
        if (!_writers.TryGetValue((host, inode), out var writers))
        {
            _writers.Add((host, inode), writers = new Writers());
        }

        return writers;
    }

    private sealed class Writers
    {
        public int Count { get; set; }

        public long Ended { get; set; }

        public bool Failed { get; set; }
    }
}

/// <summary>stat(2), as far as it is held against the truth.</summary>
internal readonly record struct NodeAttributesSeen(ulong Inode, VnodeKind Kind, long Length, uint Mode, uint LinkCount, uint Uid, long ModifyTime);
