using System.Net.Sockets;

namespace AfsLike.ViceServer.Network;

/// <summary>
/// Connections that have not said yet what they are for, or are in a session's handshake: each has a thread. There is room for so many, and one more ends the oldest: who is of the cell is through
/// in milliseconds, so that those who say nothing keep nobody out.
/// </summary>
internal sealed class Strangers
{
    /// <summary>At once.</summary>
    private const int Most = 256;

    private readonly LinkedList<Socket> _here = [];

    public LinkedListNode<Socket> Enter(Socket socket)
    {
        lock (_here)
        {
            if (_here.Count == Most)
            {
                End(_here.First!.Value);
                _here.RemoveFirst();
            }

            return _here.AddLast(socket);
        }
    }

    /// <summary>It is known now, or gone. Harmless for one that has been ended.</summary>
    public void Leave(LinkedListNode<Socket> stranger)
    {
        lock (_here)
        {
            if (stranger.List is not null)
            {
                _here.Remove(stranger);
            }
        }
    }

    /// <summary>Whoever waits for it hears of it. He disposes the socket, which is no other's meanwhile: what has left is not in the list.</summary>
    private static void End(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // By itself.
        }
    }
}
