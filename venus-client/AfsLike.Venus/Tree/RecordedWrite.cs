using AfsLike.Common;
using AfsLike.Venus.Cache;

namespace AfsLike.Venus.Tree;

/// <summary>A write under way to a file whose writes are told. Ends on the strand.</summary>
/// <param name="turn">Nothing is put into the file from elsewhere meanwhile.</param>
internal sealed class RecordedWrite(Strand strand, CachedFile content, long offset, ReadOnlyMemory<byte> bytes, IDisposable? turn) : IRecordedWrite
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public ValueTask DisposeAsync() => new(strand.InvokeAsync(() =>
    {
        content.EndWrite(offset, Bytes.Length);
        turn?.Dispose();
        return Task.CompletedTask;
    }));
}
