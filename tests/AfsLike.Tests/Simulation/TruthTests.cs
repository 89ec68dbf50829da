using AfsLike.Common.Model;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.World;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Simulation;

/// <summary>Histories of commits that must be refused: lost, half done, done twice, backwards, miscounted, overwritten and not kept.</summary>
public class TruthTests
{
    private const uint Volume = 4;
    private const ulong Client = 0xC1;

    private static readonly ulong s_root = Inodes.Of(new VolumeId(Volume), VnodeId.Root);

    private readonly NothingIsLost _kept = new();
    private readonly Once _once = new();
    private readonly MemoryOrderedStore _disk = new();
    private readonly Truth _truth;
    private long _now;
    private ulong _version;

    public TruthTests()
    {
        _truth = new Truth(() => ++_now, [new VersionsRise(), new LinksCount(), _kept, _once]);
        Commit(_truth, null, Status(1, VnodeKind.Directory, version: 1, data: 1, length: 0, links: 2));
    }

    [Fact]
    public void An_operation_that_is_carried_out_twice_is_refused()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 2, data: 1, length: 0, links: 0));
        Broken("D2", () => Commit(_truth, 16, Status(7, VnodeKind.File, version: 3, data: 2, length: 0, links: 0)));
    }

    [Fact]
    public void A_version_that_does_not_rise_is_refused()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 5, data: 3, length: 0, links: 0));
        Broken("versions", () => Commit(_truth, 32, Status(7, VnodeKind.File, version: 5, data: 4, length: 0, links: 0)));
    }

    [Fact]
    public void A_data_version_that_falls_is_refused()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 5, data: 3, length: 0, links: 0));
        Broken("versions", () => Commit(_truth, 32, Status(7, VnodeKind.File, version: 6, data: 2, length: 0, links: 0)));
    }

    [Fact]
    public void Contents_that_change_without_a_new_data_version_are_refused()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 5, data: 3, length: 0, links: 0));
        Broken("versions", () => Commit(_truth, 32, Status(7, VnodeKind.File, version: 6, data: 3, length: 1, links: 0), Content(7, [1])));
    }

    [Fact]
    public void A_name_without_a_link_is_refused()
    {
        _once.Asked(Operation(16), "create");
        Broken("C4", () => Commit(
            _truth, 16, Name("a", 7), Status(7, VnodeKind.File, version: 2, data: 1, length: 0, links: 2),
            Status(1, VnodeKind.Directory, version: 2, data: 2, length: 1, links: 2)));
    }

    [Fact]
    public void A_directory_with_another_count_than_that_of_its_names_is_refused()
    {
        _once.Asked(Operation(16), "create");
        Broken("C4", () => Commit(
            _truth, 16, Name("a", 7), Status(7, VnodeKind.File, version: 2, data: 1, length: 0, links: 1),
            Status(1, VnodeKind.Directory, version: 2, data: 2, length: 2, links: 2)));
    }

    [Fact]
    public void A_name_made_by_an_operation_that_nobody_asked_for_is_refused()
    {
        Create("a", 7, operation: 16);
        Broken("D2", () => Commit(
            _truth, 48, Name("b", 8), Status(8, VnodeKind.File, version: 9, data: 1, length: 0, links: 1),
            Status(1, VnodeKind.Directory, version: 9, data: 3, length: 2, links: 2)));
    }

    [Fact]
    public void Overwritten_contents_of_somebody_else_that_are_not_kept_are_refused()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 2, data: 2, length: 1, links: 0), Content(7, [1]));
        _kept.Asked(Operation(32), new DataVersion(1));
        Broken("C3", () => Commit(_truth, 32, Status(7, VnodeKind.File, version: 3, data: 3, length: 1, links: 0), Content(7, [2])));
    }

    [Fact]
    public void Overwritten_contents_that_the_writer_knew_need_not_be_kept()
    {
        Commit(_truth, 16, Status(7, VnodeKind.File, version: 2, data: 2, length: 1, links: 0), Content(7, [1]));
        _kept.Asked(Operation(32), new DataVersion(2));
        Commit(_truth, 32, Status(7, VnodeKind.File, version: 3, data: 3, length: 1, links: 0), Content(7, [2]));
    }

    [Fact]
    public async Task A_commit_that_was_answered_and_is_not_on_the_disk_is_refused()
    {
        await WriteAsync(Create("a", 7, operation: 16));
        Create("b", 8, operation: 32);
        _truth.Answer(Operation(32));
        Broken("D1", () => _truth.Restarted(_disk));
    }

    [Fact]
    public async Task A_commit_that_was_not_answered_may_be_lost()
    {
        await WriteAsync(Create("a", 7, operation: 16));
        Create("b", 8, operation: 32);
        _truth.Restarted(_disk);
        Assert.Equal(0UL, _truth.NameOf(s_root, FileName.From("b")).Last);
        Assert.NotEqual(0UL, _truth.NameOf(s_root, FileName.From("a")).Last);
    }

    [Fact]
    public async Task Half_a_commit_on_the_disk_is_refused()
    {
        await WriteAsync(Create("a", 7, operation: 16)[..2]);
        Broken("D1", () => _truth.Restarted(_disk));
    }

    [Fact]
    public async Task A_durable_row_that_has_changed_on_the_disk_is_refused()
    {
        var batch = Create("a", 7, operation: 16);
        await WriteAsync(batch);
        _truth.Settle(_truth.Find(Operation(16))!);
        await WriteAsync([(batch[0].Key, null)]);
        Broken("D1", () => _truth.Restarted(_disk));
    }

    private static OperationId Operation(ulong number) => new(Client, number);

    private static void Broken(string promise, Action action) => Assert.Equal(promise, Assert.Throws<PromiseBrokenException>(action).Promise);

    private static (byte[] Key, byte[]? Value) Status(ulong vnode, VnodeKind kind, ulong version, ulong data, long length, uint links)
    {
        var status = new VnodeStatus
        {
            Fid = new Fid(Volume, vnode),
            Kind = kind,
            Version = new VolumeVersion(version),
            DataVersion = new DataVersion(data),
            Length = length,
            Mode = 0x1A4,
            Owner = new UserId(1),
            LinkCount = links,
            ModifyTime = 1,
            ChangeTime = 1,
            AccessTime = 1,
            Parent = new Fid(Volume, 1),
        };
        return (VolumeKeys.Record(Volume, 'v', new VnodeId(vnode), 1), Records.Encode(new VnodeRecord(status, VnodeId.Root)));
    }

    private static (byte[] Key, byte[]? Value) Content(ulong vnode, byte[] bytes) =>
        (VolumeKeys.Record(Volume, 'b', new VnodeId(vnode), 1), Records.Encode(new FileContent(bytes.Length, bytes, Checksum.Of(bytes), [])));

    private static (byte[] Key, byte[]? Value) Name(string name, ulong vnode) =>
        (VolumeKeys.Name(Volume, VnodeId.Root, FileName.From(name), 1), Records.Encode(new VnodeId(vnode), VnodeKind.File));

    /// <summary>A whole and right creation; the root has had as many changes as names.</summary>
    private List<(byte[] Key, byte[]? Value)> Create(string name, ulong vnode, ulong operation)
    {
        _once.Asked(Operation(operation), "create");
        var names = vnode - 6;
        return Commit(
            _truth, operation, Name(name, vnode), Status(vnode, VnodeKind.File, version: names + 1, data: 1, length: 0, links: 1),
            Status(1, VnodeKind.Directory, version: names + 1, data: names + 1, length: (long)names, links: 2));
    }

    private List<(byte[] Key, byte[]? Value)> Commit(Truth truth, ulong? operation, params (byte[] Key, byte[]? Value)[] rows)
    {
        List<(byte[] Key, byte[]? Value)> batch =
        [
            .. rows, (VolumeKeys.Counters(new VolumeId(Volume)), Records.Encode(new VolumeCounters(new VolumeVersion(++_version), 100, 1, 0))),
        ];
        if (operation is { } number)
        {
            batch.Add((VolumeKeys.Operation(new VolumeId(Volume), Operation(number)), Records.EncodeReply([1])));
        }

        var commit = truth.Hand(batch)!;
        if (operation is null)
        {
            truth.Settle(commit);
            _disk.CommitAsync(batch).GetAwaiter().GetResult();
        }

        return batch;
    }

    private Task WriteAsync(List<(byte[] Key, byte[]? Value)> batch) => _disk.CommitAsync(batch);
}
