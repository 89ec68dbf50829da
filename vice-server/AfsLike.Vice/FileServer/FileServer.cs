using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Callbacks;
using AfsLike.Vice.Jobs;
using AfsLike.Vice.Protection;
using AfsLike.Vice.Volumes;
using Kind = AfsLike.Common.Wire.Request.CallOneofCase;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// What the sessions ask, given to who answers it. Everything here runs on the server's strand; a read is answered without an await, a
/// change as <see cref="Commits"/> tells.
/// </summary>
public sealed class FileServer : IServerSessionEvents
{
    private readonly FileServerParts _parts;
    private readonly Dictionary<Kind, Func<Call, Task<Reply>>> _calls;
    private long _holders;

    public FileServer(FileServerParts parts)
    {
        _parts = parts;
        _calls = new Dictionary<Kind, Func<Call, Task<Reply>>>
        {
            [Kind.BindUser] = Now(parts.Identity.Bind),
            [Kind.Login] = parts.Identity.LoginAsync,
            [Kind.Revalidate] = Now(parts.Reading.Revalidate),
            [Kind.Status] = Now(parts.Reading.Status),
            [Kind.Lookup] = Now(parts.Reading.Lookup),
            [Kind.List] = Now(parts.Reading.List),
            [Kind.Fetch] = Now(parts.Reading.Fetch),
            [Kind.Attributes] = Now(parts.Reading.Attributes),
            [Kind.GetAcl] = Now(parts.Reading.GetAcl),
            [Kind.Rights] = Now(parts.Reading.Rights),
            [Kind.Create] = parts.Changing.CreateAsync,
            [Kind.Link] = parts.Changing.LinkAsync,
            [Kind.Remove] = parts.Changing.RemoveAsync,
            [Kind.Rename] = parts.Changing.RenameAsync,
            [Kind.SetStatus] = parts.Changing.SetStatusAsync,
            [Kind.SetAttribute] = parts.Changing.SetAttributeAsync,
            [Kind.SetAcl] = parts.Changing.SetAclAsync,
            [Kind.CloseOrphan] = parts.Changing.CloseOrphanAsync,
            [Kind.ListOrphans] = Now(parts.VolumeCalls.ListOrphans),
            [Kind.Lock] = parts.Locking.LockAsync,
            [Kind.CancelLock] = parts.Locking.CancelAsync,
            [Kind.ReclaimLocks] = parts.Locking.ReclaimAsync,
            [Kind.BeginStore] = Now(parts.Storing.Begin),
            [Kind.Store] = parts.Storing.StoreAsync,
            [Kind.VolumeByName] = Now(parts.VolumeCalls.ByName),
            [Kind.ListVolumes] = Now(_ => parts.VolumeCalls.List()),
            [Kind.CreateVolume] = parts.VolumeCalls.CreateAsync,
            [Kind.Trust] = parts.VolumeCalls.TrustAsync,
            [Kind.Space] = Now(parts.VolumeCalls.Space),
            [Kind.CreateUser] = parts.CellCalls.CreateUserAsync,
            [Kind.ListUsers] = Now(_ => parts.CellCalls.ListUsers()),
            [Kind.ListHosts] = Now(_ => parts.CellCalls.ListHosts()),
            [Kind.SetPassword] = parts.CellCalls.SetPasswordAsync,
            [Kind.Invite] = Now(parts.CellCalls.Invite),
        };
    }

    public async Task<Reply> HandleAsync(ServerSession session, Request request)
    {
        _parts.Counters.Add($"call.{request.CallCase}");
        try
        {
            if (!_calls.TryGetValue(request.CallCase, out var answer))
            {
                throw new AfsException(AfsError.NotSupported, "this server does not know that call");
            }

            var client = ClientOf(session);
            var now = _parts.Time.Nanoseconds();
            var call = new Call(client, request, client.Slots.Resolve(request.User, now), now);
            var reply = await answer(call);
            reply.Id = request.Id;
            return reply;
        }
        catch (AfsException refused)
        {
            _parts.Counters.Add($"error.{refused.Error}");
            if (refused.Error is AfsError.Corrupted or AfsError.Internal)
            {
                _parts.Log($"{request.CallCase} of {session.Host}: {refused.Message}");
            }

            throw;
        }
        catch (Exception defect)
        {
            _parts.Counters.Add("error.defect");
            _parts.Log($"{request.CallCase} of {session.Host} failed: {defect}");
            throw new AfsException(AfsError.Internal, "the server failed; its log says why", defect);
        }
    }

    public void OnJob(ServerSession session, JobMessage message)
    {
        _parts.Counters.Add("job.messages");
        _parts.Jobs.Route(session, message);
    }

    public void OnConnected(ServerSession session)
    {
        _parts.Orphans.ClientIsBack(session.Instance);
        if (session.Role == SessionRole.Butler)
        {
            _parts.Jobs.Connected(session);
        }

        _parts.Log($"{session.Role} of {session.Host} is here");
    }

    public void OnDisconnected(ServerSession session)
    {
        Watch(_parts.Hosts.PartAsync(session.Host), "noting when a host was last seen");
        _parts.Log($"{session.Role} of {session.Host} has left");
    }

    public void OnLocksReturned(ServerSession session, LocksReturned returned) => _parts.Locking.Returned(session, returned);

    public void OnExpired(ServerSession session)
    {
        if (session.Owner is Client client)
        {
            _parts.Promises.Forget(client);
        }

        if (session.Role == SessionRole.Butler)
        {
            _parts.Jobs.Ended(session);
        }

        Watch(_parts.Orphans.ClientIsGoneAsync(session.Instance), "dropping the orphans of a client that is gone");
        Watch(_parts.Locking.ExpiredAsync(session), "forgetting a session");
        _parts.Log($"the lease of {session.Role} of {session.Host} is over");
    }

    public Task RememberAsync(ServerSession session) =>
        _parts.Store.CommitAsync([RememberedSessions.Entry(session), _parts.Hosts.See(session)]);

    public void OnLowWater(ServerSession session, ulong lowWater)
    {
        var client = ClientOf(session);
        if (lowWater > client.LowWater)
        {
            client.LowWater = lowWater;
            Watch(_parts.Calls.ForgetAsync(session.Instance, lowWater), "forgetting answered operations");
            foreach (var volume in _parts.Volumes.All)
            {
                Watch(volume.ForgetOperationsAsync(session.Instance, lowWater), "forgetting answered operations");
            }
        }
    }

    private static Func<Call, Task<Reply>> Now(Func<Call, Reply> answer) => call => Task.FromResult(answer(call));

    private Client ClientOf(ServerSession session)
    {
        if (session.Owner is not Client client)
        {
            session.Owner = client = new Client(new Holder(++_holders), session);
        }

        return client;
    }

    /// <summary>Work that nobody waits for: its failure is seen in the log.</summary>
    private async void Watch(Task work, string what)
    {
        try
        {
            await work;
        }
        catch (Exception failure)
        {
            _parts.Counters.Add("error.background");
            _parts.Log($"{what}: {failure.Message}");
        }
    }
}
