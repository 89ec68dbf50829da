using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Host.Transport;

namespace AfsLike.ViceServer.Network;

/// <summary>The server's end of sessions: each web socket is given to the session table, on the server's strand.</summary>
internal sealed class SessionEndpoint(Vice.ViceService server, Strand strand, CancellationToken stopping)
{
    /// <summary>One stream, until it, its session, or the server ends.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        if (PeerHost.Of(context) is not { } host)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized; // this machine is not enrolled in the cell (afsx cell join)
            return;
        }

        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await using var channel = new SessionChannel(host, socket, Limits.BatchBytes);
        await using var closing = stopping.UnsafeRegister(static open => ((IAsyncDisposable)open!).DisposeAsync().AsTask(), channel);
        await strand.InvokeAsync(() => server.Sessions.ServeAsync(channel));
    }
}
