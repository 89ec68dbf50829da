using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using Google.Protobuf;

namespace AfsLike.Common.Sessions;

/// <summary>The peer broke the protocol: its channel is closed, nothing else is harmed.</summary>
internal sealed class ProtocolException(string reason, Exception? inner = null) : Exception(reason, inner);

internal static class BatchCodec
{
    /// <summary>Throws <see cref="ProtocolException"/> for bytes that are too many or are not a batch.</summary>
    public static Batch Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > Limits.BatchBytes)
        {
            throw new ProtocolException($"a batch of {bytes.Length} bytes; the largest is {Limits.BatchBytes}");
        }

        try
        {
            return Batch.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new ProtocolException($"bytes that are no batch: {malformed.Message}", malformed);
        }
    }
}
