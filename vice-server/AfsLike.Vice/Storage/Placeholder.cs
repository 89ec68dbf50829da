using AfsLike.Common.Model;

namespace AfsLike.Vice.Storage
{
    public interface IOrderedStore
    {
        byte[]? Get(ReadOnlySpan<byte> key);
    }

    public interface IChunkStore
    {
        Task<ReadOnlyMemory<byte>> ReadAsync(AfsLike.Vice.Volumes.Chunk chunk);

        Task WriteAsync(ulong id, ReadOnlyMemory<byte> bytes);
    }
}

namespace AfsLike.Vice.Volumes
{
    using AfsLike.Vice.Storage;

    public sealed class VolumeSet : IDisposable
    {
        public static VolumeSet Open(IOrderedStore store, IChunkStore chunks, TimeProvider time) => throw new NotSupportedException();

        public IReadOnlyList<Volume> All => throw new NotSupportedException();

        public Volume? Find(VolumeId id) => throw new NotSupportedException();

        public Volume? Find(string name) => throw new NotSupportedException();

        public Task<Volume> CreateAsync(string name, UserId owner, AccessList rootAcl, long now) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    public sealed class Volume
    {
        public VolumeId Id => throw new NotSupportedException();

        public string Name => throw new NotSupportedException();

        public UserId Owner => throw new NotSupportedException();

        public long Created => throw new NotSupportedException();

        public VolumeVersion Version => throw new NotSupportedException();

        public long Files => throw new NotSupportedException();

        public long Bytes => throw new NotSupportedException();

        public VnodeStatus? Status(VnodeId id) => throw new NotSupportedException();

        public VnodeId? Lookup(VnodeId directory, FileName name) => throw new NotSupportedException();

        public IReadOnlyList<(FileName Name, VnodeId Vnode)> List(VnodeId directory, FileName? after, int limit) => throw new NotSupportedException();

        public AccessList Acl(VnodeId directory) => throw new NotSupportedException();

        public FileContent Content(VnodeId id) => throw new NotSupportedException();

        public IReadOnlyList<(byte[] Name, byte[] Value)> Attributes(VnodeId id) => throw new NotSupportedException();

        public byte[]? Remembered(OperationId operation) => throw new NotSupportedException();

        public Task<Applied> ApplyAsync(Mutation mutation) => throw new NotSupportedException();

        public IReadOnlyList<ulong> ReserveChunks(int count) => throw new NotSupportedException();

        public Task ForgetOperationsAsync(ulong instance, ulong below) => throw new NotSupportedException();

        public Task DropOrphansAsync(ulong client) => throw new NotSupportedException();

        public Task KeepOrphanAsync(VnodeId vnode, ulong client) => throw new NotSupportedException();

        public void PinChunks(IEnumerable<ulong> chunks) => throw new NotSupportedException();

        public void UnpinChunks(IEnumerable<ulong> chunks) => throw new NotSupportedException();
    }
}
