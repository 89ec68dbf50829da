using System.Runtime.InteropServices;
using AfsLike.Fuse.Abi;
using AfsLike.Fuse.Adapter;
using AfsLike.Fuse.Passthrough;
using AfsLike.Fuse.Session;
using AfsLike.Fuse.Supervision;
using AfsLike.Venus;
using AfsLike.Venus.Tree;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Tests.Fuse;

/// <summary>Which local file the kernel is told to read, over the life of more than one venus-client.</summary>
public sealed class BackingTableTests : IDisposable
{
    private static readonly NodeId s_one = new(0x101);
    private static readonly NodeId s_other = new(0x102);

    private readonly SharedPage _page = SharedPage.Map(SharedPage.CreateFile());
    private readonly RecordedFiles _kernel = new();
    private readonly DescriptorFile _file;
    private readonly string _path = Path.GetTempFileName();
    private KnownNodes _known;
    private BackingTable _table;

    public BackingTableTests()
    {
        _page.Format(1);
        _file = new DescriptorFile(File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite));
        (_known, _table) = Start();
        _known.Reference(s_one, NodeId.Root);
        _known.Reference(s_other, NodeId.Root);
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void Two_nodes_with_one_file_both_have_it_after_a_restart()
    {
        var id = Open(s_one, 7).Id;
        Assert.Equal(id, Open(s_other, 7).Id);
        (_known, _table) = Start();
        Assert.Equal((id, id), (Open(s_one, 1).Id, Open(s_other, 2).Id));
    }

    [Fact]
    public void A_file_stays_with_the_kernel_while_any_of_its_nodes_has_it_open()
    {
        var (one, other) = (Open(s_one, 7), Open(s_other, 7));
        Close(s_one, one);
        _table.Forgotten(s_one);
        (_known, _table) = Start();
        _table.CloseLeftovers();
        Assert.Empty(_kernel.Closed);
        Assert.Equal(other.Id, Open(s_other, 1).Id);
    }

    [Fact]
    public void A_file_that_nobody_has_open_is_given_back_once()
    {
        Close(s_one, Open(s_one, 7));
        Close(s_other, Open(s_other, 7));
        (_known, _table) = Start();
        _table.CloseLeftovers();
        Assert.Equal([1], _kernel.Closed);
    }

    [Fact]
    public void A_dropped_file_is_given_back_at_its_last_close()
    {
        var (one, other) = (Open(s_one, 7), Open(s_other, 7));
        _table.Drop(7);
        Close(s_one, one);
        Assert.Empty(_kernel.Closed);
        Close(s_other, other);
        Assert.Equal([1], _kernel.Closed);
        Assert.Equal((0, 0), (_known.BackingOf(s_one).BackingId, _known.BackingOf(s_other).BackingId));
    }

    /// <summary>The kernel goes on with it, whatever the tree believes to be behind the node.</summary>
    [Fact]
    public void A_file_that_is_open_is_the_one_behind_its_node_until_it_is_closed()
    {
        var one = Open(s_one, 7);
        for (var life = 0; life < 2; life++)
        {
            (_known, _table) = Start();
            Open(s_one, 9);
            Assert.Equal((7UL, 1000U), Known());
        }

        _known.CountClose(s_one);
        _known.CountClose(s_one);
        Assert.True(_known.CountClose(s_one));
        Assert.False(_known.CountClose(s_one));
        Assert.Equal(0UL, Known().Inode);
        (_known, _table) = Start();
        Open(s_one, 9);
        Assert.Equal((9UL, 1000U), Known());
        Assert.Equal(1, one.Id);

        (ulong Inode, uint Opener) Known() => _known.ToList().Where(static node => node.Node == s_one).Select(static node => (node.Inode, node.Opener)).Single();
    }

    /// <summary>A RELEASE whose answer is not written is asked of the next venus-client, which would count it once more.</summary>
    [Fact]
    public async Task A_handle_counts_as_open_until_its_release_is_answered()
    {
        const ulong OfAFormerLife = (1UL << 48) | (1UL << 44) | 5;
        Open(s_one, 7);
        Open(s_one, 7);
        (_known, _table) = Start();
        var files = new FileOperations(null!, null!, new HandleTable(null!, _table, _known, incarnation: 2), null!, null!, null!);
        using var release = new Exchange();
        var length = InHeader.Size + Marshal.SizeOf<ReleaseIn>();
        MemoryMarshal.Write(release.RequestBuffer.GetSpan(), new InHeader { Length = (uint)length, Opcode = Opcode.Release, Unique = 9, Node = s_one.Value });
        MemoryMarshal.Write(release.RequestBuffer.GetSpan()[InHeader.Size..], new ReleaseIn { Handle = OfAFormerLife });
        Assert.True(release.Arrived(length));
        await files.ReleaseAsync(release);
        Assert.NotEqual(0, release.ReplyLength);
        Assert.Equal(2U, _known.BackingOf(s_one).Opens);
        files.Closed(release);
        Assert.Equal(1U, _known.BackingOf(s_one).Opens);
    }

    private (KnownNodes Known, BackingTable Table) Start()
    {
        var known = new KnownNodes(_page);
        return (known, new BackingTable(_kernel, known, static _ => { }));
    }

    private Backing Open(NodeId node, ulong number)
    {
        var backing = _table.Acquire(node, number, _file, number);
        _known.CountOpen(node, opener: 1000);
        return backing;
    }

    private void Close(NodeId node, Backing backing)
    {
        _known.CountClose(node);
        _table.Release(backing);
    }

    /// <summary>Numbers files from 1 on, as they come.</summary>
    private sealed class RecordedFiles : IBackingFiles
    {
        private int _last;

        public List<int> Closed { get; } = [];

        public int Open(SafeFileHandle file, out Errno refusal)
        {
            refusal = default;
            return ++_last;
        }

        public void Close(int id) => Closed.Add(id);
    }
}
