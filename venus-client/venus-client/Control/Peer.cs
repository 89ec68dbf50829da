using System.Net.Sockets;
using AfsLike.Common.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;

namespace AfsLike.VenusClient.Control;

/// <summary>Who calls over a unix socket, by the kernel's word (SO_PEERCRED: pid, uid, gid).</summary>
internal readonly record struct Peer(uint Uid, uint Gid)
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public static Peer Of(ServerCallContext context)
    {
        var socket = context.GetHttpContext().Features.Get<IConnectionSocketFeature>()?.Socket
            ?? throw new AfsException(AfsError.Internal, "the caller has no socket");
        Span<byte> credentials = stackalloc byte[12];
        return socket.AddressFamily == AddressFamily.Unix && socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == 12
            ? new Peer(BitConverter.ToUInt32(credentials[4..8]), BitConverter.ToUInt32(credentials[8..12]))
            : throw new AfsException(AfsError.Internal, "the kernel does not say who the caller is");
    }

    /// <summary>Throws NotPermitted.</summary>
    public void MustBeRoot()
    {
        if (Uid != 0)
        {
            throw new AfsException(AfsError.NotPermitted, "only root of this host may ask that");
        }
    }
}
