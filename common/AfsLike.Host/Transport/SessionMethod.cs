using System.Buffers;
using Grpc.Core;

namespace AfsLike.Host.Transport;

/// <summary>One encoded batch as gRPC carries it. The bytes are those of the protobuf message Batch: any gRPC stack can be the peer.</summary>
public sealed class RawMessage(ReadOnlyMemory<byte> bytes)
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;
}

/// <summary>The one streaming method of a session. Batches pass as bytes, so that the codec is the same under gRPC and in the simulation.</summary>
public static class SessionMethod
{
    public const string Service = "afslike.Vice";

    public static readonly Marshaller<RawMessage> Marshaller = Marshallers.Create(Write, Read);

    public static readonly Method<RawMessage, RawMessage> Definition =
        new(MethodType.DuplexStreaming, Service, "Session", Marshaller, Marshaller);

    private static void Write(RawMessage message, SerializationContext context)
    {
        context.SetPayloadLength(message.Bytes.Length);
        context.GetBufferWriter().Write(message.Bytes.Span);
        context.Complete();
    }

    private static RawMessage Read(DeserializationContext context) => new(context.PayloadAsReadOnlySequence().ToArray());
}
