using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Vice.Volumes;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// Storing a file. Small contents come in the call. For large ones the client asks for a ticket, uploads the chunks that are new
/// over bulk connections, each durable when it is answered, and then stores the map: the one moment at which the file changes. A map may
/// name chunks of the version it replaces and those uploaded under its ticket, nothing else: chunk ids are no secret, and whoever could name any
/// of them could read anybody's files.
/// </summary>
public sealed class Storing(Vnodes vnodes, Commits commits, TicketTable tickets, Locking locking)
{
    public Reply Begin(Call call)
    {
        var asked = call.Request.BeginStore;
        if (asked.Length is < 0 or > Limits.FileSize)
        {
            throw new AfsException(AfsError.FileTooLarge, $"a file may have {Limits.FileSize} bytes");
        }

        var (volume, file) = vnodes.Find(call, asked.Fid);
        MustBeFile(file);
        vnodes.For(call, volume).Store(file); // and again when the map is stored: this only spares a vain upload
        var count = (int)((asked.Length + Limits.ChunkSize - 1) / Limits.ChunkSize);
        count = asked.Chunks == 0 ? count : (int)Math.Min(asked.Chunks, count);
        var reserved = volume.ReserveChunks(count);
        var ticket = tickets.ForStoring(call.Client, volume, file.Fid, volume.Content(file.Fid.Vnode).Chunks, reserved);
        var result = new BeginStoreResult { Ticket = ByteString.CopyFrom(ticket.Id.Span), BaseDataVersion = file.DataVersion.Value };
        result.ChunkIds.AddRange(reserved);
        return new Reply { BeginStore = result };
    }

    public async Task<Reply> StoreAsync(Call call)
    {
        var asked = call.Request.Store;
        var fid = asked.Fid.ToModel();
        var volume = vnodes.Changed(call, fid.Volume);
        if (await commits.RepeatedAsync(call, volume) is { } before)
        {
            return before; // its ticket may be gone, and is not needed
        }

        var ticket = FindTicket(call, fid);
        var content = asked.TruncateOnly ? FileContent.Empty : (asked.Content ?? new WireContent()).ToModel(chunk =>
            ticket?.Vouches(chunk) == true || volume.Content(fid.Vnode).Chunks.Contains(chunk));
        var mutation = new StoreContent(fid.Vnode, new DataVersion(asked.BaseDataVersion), content, asked.ModifyTime == 0 ? null : asked.ModifyTime)
        {
            Actor = call.Who.User,
            Authorize = view =>
            {
                MustBeFile(view.Subject);
                vnodes.For(call, volume).Store(view.Subject);
                if (asked.LockLost || (asked.UnderLock && !locking.IsLocked(call.Client, fid)))
                {
                    throw new AfsException(AfsError.LockLost, $"the lock of {fid} under which this was written has gone to others, or might have");
                }

                if (asked.OnlyIfBase && view.Subject.DataVersion.Value != asked.BaseDataVersion)
                {
                    throw new AfsException(AfsError.NotCurrent, $"{fid} is of version {view.Subject.DataVersion.Value}, and not {asked.BaseDataVersion}");
                }
            },
        };
        var reply = await commits.RunAsync(call, volume, [fid.Vnode], mutation, static applied => new Reply
        {
            Status = new StatusResult { Status = applied.Subject.ToWire() },
        });
        if (ticket is not null)
        {
            tickets.Release(ticket);
        }

        return reply;
    }

    private Ticket? FindTicket(Call call, Fid file)
    {
        var id = call.Request.Store.Ticket;
        if (id.IsEmpty)
        {
            return null;
        }

        return tickets.Find(id.Span, call.Client.Session.Host) is { } ticket && ticket.Storing == file
            ? ticket
            : throw new AfsException(AfsError.BadHandle, "the ticket of this store is not known (any more): begin the store again");
    }

    private static void MustBeFile(VnodeStatus status)
    {
        if (status.Kind != VnodeKind.File)
        {
            var error = status.Kind == VnodeKind.Directory ? AfsError.IsDirectory : AfsError.InvalidArgument;
            throw new AfsException(error, $"{status.Fid} is not a file");
        }
    }
}
