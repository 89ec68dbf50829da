using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Vice.Volumes;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>What of docs/disk-format.md must hold from the first day, so that a clone can be a number: keys with generations, and one batch for a change.</summary>
public sealed class FormatTests : VolumeWorld
{
    private const uint First = 1;
    private const uint Second = 2;

    [Fact]
    public async Task Every_record_of_a_volume_ends_with_its_generation_inverted()
    {
        await EverythingAsync();
        var kinds = Rows.Scan("G"u8.ToArray()).Select(row => (Kind: (char)row.Key[5], Generation: GenerationOf(row.Key))).ToHashSet();
        Assert.Equal([('a', First), ('b', First), ('d', First), ('l', First), ('v', First)], kinds.Order());
    }

    [Fact]
    public async Task The_records_of_another_generation_are_not_this_volumes_and_newer_ones_come_first()
    {
        await EverythingAsync();
        var (names, status) = (Names(), Status(VnodeId.Root));
        var root = Rows.Scan("G"u8.ToArray()).First(row => row.Key[5] == 'v');
        var name = Rows.Scan("G"u8.ToArray()).First(row => row.Key[5] == 'd');
        await Rows.CommitAsync([(Again(root.Key, Second), [9]), (Again([.. name.Key[..14], (byte)'x', .. name.Key[^5..]], Second), name.Value)]);
        Assert.Equal(status, Status(VnodeId.Root));
        Assert.Equal(names, Names());
        Assert.Null(Volume.Lookup(VnodeId.Root, Name("x")));
        Assert.Equal([Second, First], Rows.Scan(root.Key[..14]).Select(row => GenerationOf(row.Key)));
    }

    [Fact]
    public async Task Contents_to_64_KiB_are_in_the_one_batch_of_their_status_and_make_no_chunk()
    {
        var file = await MakeAsync("f");
        RecordedRows.Batches.Clear();
        await StoreAsync(file, Noise(Limits.InlineContent));
        var batch = Assert.Single(RecordedRows.Batches);
        Assert.Equal(['b', 'v'], batch.Where(row => row.Key[0] == 'G').Select(row => (char)row.Key[5]).Order());
        Assert.True(batch.Single(row => row.Key[0] == 'G' && row.Key[5] == 'b').Value!.Length > Limits.InlineContent);
        Assert.Empty(Chunks.All());
    }

    [Fact]
    public async Task The_answer_to_an_operation_is_in_the_batch_of_its_change()
    {
        RecordedRows.Batches.Clear();
        await Volume.ApplyAsync(new CreateVnode(VnodeId.Root, Name("f"), VnodeKind.File, 0x1A4, default)
        {
            Actor = Owner, Authorize = Allow, Operation = NextOperation(), Remember = static _ => [42],
        });
        var batch = Assert.Single(RecordedRows.Batches);
        Assert.Contains(batch, row => row.Key is [(byte)'V', (byte)'o', ..]);
        Assert.Contains(batch, row => row.Key is [(byte)'V', (byte)'c', ..]);
        Assert.Equal(['d', 'v', 'v'], batch.Where(row => row.Key[0] == 'G').Select(row => (char)row.Key[5]).Order());
    }

    private async Task EverythingAsync()
    {
        var file = await MakeAsync("f");
        await MakeAsync("d", VnodeKind.Directory);
        await MakeAsync("l", VnodeKind.Symlink, target: "f");
        await StoreAsync(file, [1]);
        await Volume.ApplyAsync(new ChangeAttribute(
            file.Fid.Vnode, "user.x"u8.ToArray(), "1"u8.ToArray(), false, false) { Actor = Owner, Authorize = Allow });
    }

    private static uint GenerationOf(byte[] key) => ~BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(^4..));

    private static byte[] Again(byte[] key, uint generation)
    {
        var again = key.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(again.AsSpan(^4..), ~generation);
        return again;
    }
}
