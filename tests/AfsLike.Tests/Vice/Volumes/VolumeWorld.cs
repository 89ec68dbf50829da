using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Storage;
using AfsLike.Vice.Volumes;
using Microsoft.Extensions.Time.Testing;

namespace AfsLike.Tests.Vice.Volumes;

/// <summary>A volume on the stores of tests, and short words for what is done to it.</summary>
public abstract class VolumeWorld : IDisposable
{
    protected static readonly UserId Owner = new(7);

    private ulong _operation;

    protected VolumeWorld()
    {
        Set = VolumeSet.OpenAsync(Rows, Chunks, Time, Lines.Add).GetAwaiter().GetResult();
        Volume = Set.CreateAsync("v", Owner, AccessList.Empty, 1_000).GetAwaiter().GetResult();
    }

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(50));

    protected RecordingStore RecordedRows { get; } = new(new MemoryOrderedStore());

    protected IOrderedStore Rows => RecordedRows;

    protected HeldChunkStore Held { get; } = new();

    protected IChunkStore Chunks => Held;

    protected List<string> Lines { get; } = [];

    protected VolumeSet Set { get; private set; }

    protected Volume Volume { get; private set; }

    public void Dispose()
    {
        Set.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The server starts again on what is stored.</summary>
    protected void Restart()
    {
        Set = VolumeSet.OpenAsync(Rows, Chunks, Time, Lines.Add).GetAwaiter().GetResult();
        Volume = Set.Find("v")!;
    }

    protected async Task<VnodeStatus> MakeAsync(string name, VnodeKind kind = VnodeKind.File, VnodeId? directory = null, string target = "") =>
        (await Volume.ApplyAsync(new CreateVnode(directory ?? VnodeId.Root, Name(name), kind, 0x1A4, Encoding.UTF8.GetBytes(target)) { Actor = Owner, Authorize = Allow }))
        .Subject;

    protected async Task<VnodeId> FolderAsync(string name, VnodeId? directory = null) => (await MakeAsync(name, VnodeKind.Directory, directory)).Fid.Vnode;

    protected Task<Applied> LinkAsync(VnodeId subject, string name, VnodeId? directory = null) =>
        Volume.ApplyAsync(new LinkVnode(directory ?? VnodeId.Root, Name(name), subject, Client: 1) { Actor = Owner, Authorize = Allow });

    protected Task<Applied> RemoveAsync(string name, bool directory = false, ulong? openHere = null, VnodeId? of = null) =>
        Volume.ApplyAsync(new RemoveName(of ?? VnodeId.Root, Name(name), directory, openHere) { Actor = Owner, Authorize = Allow });

    protected Task<Applied> RenameAsync(
        VnodeId from, string name, VnodeId to, string newName, bool noReplace = false, bool exchange = false, ulong? openHere = null) =>
        Volume.ApplyAsync(new RenameName(from, Name(name), to, Name(newName), noReplace, exchange, openHere) { Actor = Owner, Authorize = Allow });

    protected Task<Applied> StoreAsync(VnodeStatus file, byte[] bytes, DataVersion? from = null) =>
        Volume.ApplyAsync(new StoreContent(file.Fid.Vnode, from ?? Volume.Status(file.Fid.Vnode)!.DataVersion, Inline(bytes), null) { Actor = Owner, Authorize = Allow });

    /// <summary>Contents in chunks of the proper size.</summary>
    protected async Task<Applied> StoreLargeAsync(VnodeStatus file, byte[] bytes)
    {
        var pieces = bytes.Chunk(Limits.ChunkSize).ToList();
        var ids = Volume.ReserveChunks(pieces.Count);
        var map = new List<Chunk>();
        foreach (var (id, piece) in ids.Zip(pieces))
        {
            await Chunks.WriteAsync(id, piece);
            map.Add(new Chunk(id, piece.Length, Checksum.Of(piece)));
        }

        return await Volume.ApplyAsync(new StoreContent(
            file.Fid.Vnode, Volume.Status(file.Fid.Vnode)!.DataVersion, new FileContent(bytes.Length, default, default, map), null) { Actor = Owner, Authorize = Allow });
    }

    protected Task<Applied> CutAsync(VnodeStatus file, long length) =>
        Volume.ApplyAsync(new ChangeStatus(file.Fid.Vnode) { Length = length, Actor = Owner, Authorize = Allow });

    /// <summary>All bytes of a file; holes read as zeros.</summary>
    protected async Task<byte[]> BytesAsync(VnodeStatus file)
    {
        var content = Volume.Content(file.Fid.Vnode);
        if (content.IsInline)
        {
            return content.Inline.ToArray();
        }

        var bytes = new List<byte>();
        foreach (var chunk in content.Chunks)
        {
            bytes.AddRange(chunk.Id == 0 ? new byte[chunk.Length] : (await Chunks.ReadAsync(chunk)).ToArray());
        }

        return [.. bytes];
    }

    protected string[] Names(VnodeId? directory = null) =>
        [.. Volume.List(directory ?? VnodeId.Root, null, int.MaxValue).Select(entry => entry.Name.ToString())];

    protected VnodeStatus Status(VnodeId vnode) => Volume.Status(vnode) ?? throw new InvalidOperationException($"{vnode} is gone");

    protected OperationId NextOperation() => new(77, ++_operation);

    protected static async Task RefusedAsync(AfsError error, Func<Task> work) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<AfsException>(work)).Error);

    protected static FileContent Inline(byte[] bytes) => new(bytes.Length, bytes, Checksum.Of(bytes), []);

    protected static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected static FileName Name(string text) => FileName.From(Encoding.UTF8.GetBytes(text));

    protected static void Allow(MutationView view)
    {
    }
}
