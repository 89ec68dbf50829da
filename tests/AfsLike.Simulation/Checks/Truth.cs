using AfsLike.Common.Model;
using AfsLike.Simulation.World;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Simulation.Checks;

/// <summary>
/// What really happened, in the one order there is: that of the server's commits. Read from the batches on their way to the server's disk
/// (<see cref="WitnessedStore"/>), not from what the server says. Everything a program is shown is measured by it, and at each start of a server its disk is: what had
/// become durable must be there whole, of what had not a beginning of the order may be, and nothing half.
/// </summary>
internal sealed class Truth(Func<long> tick, IReadOnlyList<ICommitChecker> checkers)
{
    private readonly SortedDictionary<byte[], byte[]> _rows = new(KeyOrder.Instance);
    private readonly Queue<Unsettled> _unsettled = new();
    private readonly Dictionary<(ulong Directory, FileName Name), StateLine<ulong>> _names = [];
    private readonly SortedDictionary<ulong, VnodeTruth> _vnodes = [];
    private readonly Dictionary<OperationId, Commit> _operations = [];
    private readonly List<Commit> _others = [];
    private long _commits;

    public long Commits => _commits;

    public IEnumerable<KeyValuePair<ulong, VnodeTruth>> Vnodes => _vnodes;

    /// <summary>Every row of volumes, as it must be on the disk.</summary>
    public IReadOnlyDictionary<byte[], byte[]> Rows => _rows;

    public StateLine<ulong> NameOf(ulong directory, FileName name)
    {
        if (!_names.TryGetValue((directory, name), out var line))
        {
            _names.Add((directory, name), line = new StateLine<ulong>(0));
        }

        return line;
    }

    public VnodeTruth VnodeOf(ulong inode)
    {
        if (!_vnodes.TryGetValue(inode, out var vnode))
        {
            _vnodes.Add(inode, vnode = new VnodeTruth());
        }

        return vnode;
    }

    /// <summary>A vnode never changes its kind; None for one that never was.</summary>
    public VnodeKind KindOf(ulong inode) => VnodeOf(inode).Kind;

    public Commit? Find(OperationId operation) => _operations.GetValueOrDefault(operation);

    /// <summary>The call that asked for it has returned to its program.</summary>
    public void Answer(OperationId operation)
    {
        if (Find(operation) is { Answered: 0 } commit)
        {
            commit.Answered = tick();
        }
    }

    public void AnswerEverything()
    {
        foreach (var (_, commit) in _operations)
        {
            commit.Answered = commit.Answered == 0 ? tick() : commit.Answered;
        }

        _others.ForEach(commit => commit.Answered = tick());
    }

    /// <summary>A batch is handed to the disk: from now on readers may see it. Null: it is no change of a volume's vnodes.</summary>
    public Commit? Hand(IReadOnlyList<(byte[] Key, byte[]? Value)> batch)
    {
        var rows = batch.Where(row => row.Key[0] is (byte)'V' or (byte)'G').ToList();
        if (rows.Count == 0)
        {
            return null;
        }

        var change = new CommittedChange(new Commit(++_commits, tick()));
        var before = rows.ConvertAll(row => (row.Key, _rows.GetValueOrDefault(row.Key)));
        var unsettled = new Unsettled(change.Commit, rows, before);
        foreach (var (key, value) in rows)
        {
            Read(change, key, value);
            Put(key, value);
        }

        unsettled.Lines.AddRange(Apply(change));
        _unsettled.Enqueue(unsettled);
        foreach (var checker in checkers)
        {
            checker.Committed(change, this);
        }

        return change.Commit;
    }

    /// <summary>The disk says that it has everything up to this one.</summary>
    public void Settle(Commit commit)
    {
        while (_unsettled.TryPeek(out var first) && first.Commit.Number <= commit.Number)
        {
            first.Commit.IsDurable = true;
            _unsettled.Dequeue();
        }
    }

    /// <summary>
    /// The server starts with the disk it had. Promise D1: "After a crash (kill -9 or power) every answered operation is there whole and no half operation is."
    /// </summary>
    public void Restarted(IOrderedStore disk)
    {
        var pending = _unsettled.ToList();
        _unsettled.Clear();
        while (pending.Count > 0 && !IsThere(disk, pending))
        {
            var lost = pending[^1];
            pending.RemoveAt(pending.Count - 1);
            TakeBack(lost);
        }

        pending.ForEach(survivor => survivor.Commit.IsDurable = true);
        Compare(prefix => disk.Scan(prefix));
    }

    /// <summary>Every row of every volume is on the disk as it was committed, and no other.</summary>
    public void Compare(Func<byte[], IEnumerable<(byte[] Key, byte[] Value)>> scan)
    {
        foreach (var prefix in new[] { (byte)'V', (byte)'G' })
        {
            using var there = scan([prefix]).Where(row => !row.Key.AsSpan().SequenceEqual(VolumeKeys.Starts)).GetEnumerator();
            foreach (var (key, value) in _rows.Where(row => row.Key[0] == prefix && !row.Key.AsSpan().SequenceEqual(VolumeKeys.Starts)))
            {
                if (!there.MoveNext() || !there.Current.Key.AsSpan().SequenceEqual(key) || !there.Current.Value.AsSpan().SequenceEqual(value))
                {
                    throw new PromiseBrokenException("D1", $"after its restart the server's disk does not hold {RowNames.Of(key)} as it was committed");
                }
            }

            if (there.MoveNext())
            {
                throw new PromiseBrokenException("D1", $"after its restart the server's disk holds {RowNames.Of(there.Current.Key)}, which was never committed or is removed");
            }
        }
    }

    private bool IsThere(IOrderedStore disk, List<Unsettled> pending) => pending.SelectMany(each => each.Rows).All(row =>
        _rows.TryGetValue(row.Key, out var mine) ? disk.Get(row.Key).AsSpan().SequenceEqual(mine) && disk.Get(row.Key) is not null : disk.Get(row.Key) is null);

    private void TakeBack(Unsettled lost)
    {
        lost.Commit.IsLost = true;
        if (lost.Commit.Answered > 0)
        {
            throw new PromiseBrokenException("D1", $"{lost.Commit} was answered and is not on the server's disk after a crash");
        }

        foreach (var (key, value) in lost.Before)
        {
            Put(key, value);
        }

        var shown = false;
        foreach (var line in lost.Lines)
        {
            shown |= line(lost.Commit);
        }

        if (shown)
        {
            throw new PromiseBrokenException("D1", $"{lost.Commit} was shown to a program and is not on the server's disk after a crash");
        }

        if (lost.Commit.Operation is { } operation)
        {
            _operations.Remove(operation);
        }
    }

    private void Put(byte[] key, byte[]? value)
    {
        if (value is null)
        {
            _rows.Remove(key);
        }
        else
        {
            _rows[key] = value;
        }
    }

    private void Read(CommittedChange change, byte[] key, byte[]? value)
    {
        if (key[0] == 'V')
        {
            ReadVolume(change, key, value);
            return;
        }

        var volume = new VolumeId(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(1)));
        var vnode = VolumeKeys.VnodeOf(key);
        var (inode, fid) = (Inodes.Of(volume, vnode), new Fid(volume, vnode));
        switch ((char)key[5])
        {
            case 'v':
                change.Statuses.Add((inode, VnodeOf(inode).Status.Last, value is null ? null : Records.DecodeVnode(value, fid).Status));
                break;
            case 'd':
                var name = VolumeKeys.NameOf(key);
                change.Names.Add((inode, name, NameOf(inode, name).Last, value is null ? 0 : Inodes.Of(volume, Records.DecodeName(value))));
                break;
            case 'b':
                change.Contents.Add((inode, VnodeOf(inode).Content.Last, value is null ? FileContent.Empty : Records.DecodeContent(value, fid)));
                break;
            case 'l' when value is not null:
                change.Acls.Add((inode, Records.DecodeAcl(value, fid)));
                break;
            case 'a':
                change.Xattrs.Add((inode, value is null ? [] : Records.DecodeAttributes(value, fid)));
                break;
            case 'h' when value is not null:
                change.Kept.Add((inode, new DataVersion(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(14)))));
                break;
        }
    }

    private static void ReadVolume(CommittedChange change, byte[] key, byte[]? value)
    {
        switch ((char)key[1])
        {
            case 'o' when value is not null:
                change.Commit.Operation = new OperationId(
                    System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(6)), VolumeKeys.NumberOf(key));
                break;
            case 'c' when value is not null:
                change.Commit.Version = Records.DecodeCounters(value).Version;
                break;
        }
    }

    private List<Func<Commit, bool>> Apply(CommittedChange change)
    {
        var (commit, lines) = (change.Commit, new List<Func<Commit, bool>>());
        if (commit.Operation is { } operation)
        {
            if (_operations.TryGetValue(operation, out var before))
            {
                throw new PromiseBrokenException("D2", $"operation {operation} was carried out twice: as {before} and as {commit}");
            }

            _operations.Add(operation, commit);
        }
        else
        {
            _others.Add(commit);
        }

        foreach (var (directory, name, _, after) in change.Names)
        {
            var line = NameOf(directory, name);
            Add(line, after);
            VnodeOf(directory).Names.TryAdd(name, line);
        }

        foreach (var (inode, _, after) in change.Statuses)
        {
            Add(VnodeOf(inode).Status, after);
            VnodeOf(inode).Kind = after?.Kind ?? VnodeOf(inode).Kind;
        }

        foreach (var (inode, _, after) in change.Contents)
        {
            Add(VnodeOf(inode).Content, after);
        }

        foreach (var (inode, after) in change.Xattrs)
        {
            Add(VnodeOf(inode).Xattrs, after);
        }

        foreach (var (inode, acl) in change.Acls)
        {
            Add(VnodeOf(inode).Acl, acl);
        }

        return lines;

        void Add<T>(StateLine<T> line, T state)
        {
            line.Add(commit, state);
            lines.Add(line.TakeBack);
        }
    }

    private sealed record Unsettled(Commit Commit, List<(byte[] Key, byte[]? Value)> Rows, List<(byte[] Key, byte[]? Value)> Before)
    {
        public List<Func<Commit, bool>> Lines { get; } = [];
    }
}

/// <summary>The lines of one vnode.</summary>
internal sealed class VnodeTruth
{
    public VnodeKind Kind { get; set; }

    /// <summary>Null: it does not exist.</summary>
    public StateLine<VnodeStatus?> Status { get; } = new(null);

    public StateLine<FileContent> Content { get; } = new(FileContent.Empty);

    public StateLine<List<(byte[] Name, byte[] Value)>> Xattrs { get; } = new([]);

    public StateLine<AccessList> Acl { get; } = new(AccessList.Empty);

    /// <summary>Of a directory: every name that was ever in it, in the order in which they came.</summary>
    public OrderedDictionary<FileName, StateLine<ulong>> Names { get; } = [];
}
