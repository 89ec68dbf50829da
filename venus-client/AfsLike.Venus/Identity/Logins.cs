using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Venus.Servers;
using Google.Protobuf;

namespace AfsLike.Venus.Identity;

/// <summary>Local uids log in with tokens, the server says whose they are, and what it says is bound anew at every connection.</summary>
public sealed class Logins(ViceServer server, Principals principals, ILoginStore store, Action<string> log)
{
    private readonly List<StoredLogin> _unbound = [.. store.Load()];

    /// <summary>Called when what the kernel was told may not hold for the host's users any more.</summary>
    public Action Changed { get; set; } = static () => { };

    public Principals Principals => principals;

    /// <summary>Throws BadPassword, and what calls throw.</summary>
    public async Task<Login> LoginAsync(uint uid, uint gid, string name, string password, CancellationToken cancel)
    {
        var reply = await server.CallAsync(new Request { Login = new LoginCall { Name = name, Password = password } }, cancel);
        return await PutAsync(uid, gid, reply.Login.Token.Memory, cancel);
    }

    /// <summary>Throws NoToken for one that does not verify.</summary>
    public async Task<Login> PutAsync(uint uid, uint gid, ReadOnlyMemory<byte> token, CancellationToken cancel)
    {
        // A host that runs jobs gets a token for each: the same user's next one takes the place of the one before, here and at the server.
        var replaces = principals.Find(uid) is { } former ? server.WireSlotOf(former.Slot) : 0;
        var call = new BindUserCall { Token = ByteString.CopyFrom(token.Span), Replaces = replaces };
        var reply = await server.CallAsync(new Request { BindUser = call }, cancel);
        return Take(uid, gid, token, reply.BindUser);
    }

    /// <summary>No effect on a uid that is not logged in.</summary>
    public void Remove(uint uid)
    {
        if (principals.Find(uid) is null)
        {
            return;
        }

        var changed = principals.Remove(uid);
        store.Save(principals.ToStore());
        if (changed)
        {
            Changed();
        }
    }

    /// <summary>At a new connection, before any other call. A token the server no longer takes ends its login.</summary>
    public async Task BindAllAsync()
    {
        if (principals.RemoveExpired())
        {
            Changed();
        }

        foreach (var stored in _unbound.ToList())
        {
            if (await BindAsync(stored.Token) is { } bound)
            {
                Take(stored.Uid, stored.Gid, stored.Token, bound);
            }
            else
            {
                log($"venus: the login of uid {stored.Uid} has run out");
            }

            _unbound.Remove(stored);
        }

        foreach (var login in principals.Bound.ToList())
        {
            if (await BindAsync(login.Token) is { } bound)
            {
                server.Bind(login.Slot, bound.Slot);
            }
            else
            {
                log($"venus: the login of uid {login.Uid} as {login.Name} has run out");
                server.Unbind(login.Slot);
                Remove(login.Uid);
            }
        }
    }

    private async Task<BindUserResult?> BindAsync(ReadOnlyMemory<byte> token)
    {
        try
        {
            var call = new Request { BindUser = new BindUserCall { Token = ByteString.CopyFrom(token.Span) } };
            return (await server.CallWhileRecoveringAsync(call)).BindUser;
        }
        catch (AfsException failure) when (failure.Error == AfsError.NoToken)
        {
            return null;
        }
    }

    private Login Take(uint uid, uint gid, ReadOnlyMemory<byte> token, BindUserResult bound)
    {
        var slot = principals.Find(uid) is { } former && former.User.Value == bound.User ? former.Slot : principals.TakeSlot();
        var login = new Login(
            uid, gid, slot, new UserId(bound.User), bound.Name, bound.Administrator, bound.Expires, token);
        server.Bind(login.Slot, bound.Slot);
        var changed = principals.Put(login);
        store.Save([.. principals.ToStore(), .. _unbound.Where(other => other.Uid != uid)]);
        if (changed)
        {
            Changed();
        }

        return login;
    }
}
