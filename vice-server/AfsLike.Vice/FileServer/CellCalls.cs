using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>The calls about the cell: its users, hosts and invitations.</summary>
/// <param name="sessions">All sessions there are, to tell which hosts are here.</param>
public sealed class CellCalls(
    UserTable users, LoginDesk login, HostTable hosts, InviteDesk invites, RememberedCalls calls, Func<IEnumerable<ServerSession>> sessions)
{
    /// <summary>Throws <see cref="AfsException"/> NotPermitted.</summary>
    public static void MustBeAdministrator(Principal who, string does)
    {
        if (!who.Administrator)
        {
            throw new AfsException(AfsError.NotPermitted, $"only an administrator of the cell {does}");
        }
    }

    /// <summary>The first answer, when the call is a repetition.</summary>
    public static Reply? Before(RememberedCalls calls, Call call)
    {
        if (calls.Find(call.Operation) is not { } bytes)
        {
            return null;
        }

        var reply = Reply.Parser.ParseFrom(bytes);
        reply.History = true;
        return reply;
    }

    public async Task<Reply> CreateUserAsync(Call call)
    {
        MustBeAdministrator(call.Who, "makes users");
        var asked = call.Request.CreateUser;
        if (Before(calls, call) is { } before)
        {
            return before;
        }

        UserTable.CheckName(asked.Name);
        var password = await login.MakeRecordAsync(asked.Password);
        var user = await users.CreateAsync(
            asked.Name, asked.Administrator, password, made => RememberedCalls.Entry(call.Operation, Answer(made).ToByteArray()));
        return Answer(user);
    }

    public Reply ListUsers()
    {
        var result = new UsersResult();
        result.Users.AddRange(users.All.Select(Describe));
        return new Reply { Users = result };
    }

    public Reply ListHosts()
    {
        var result = new HostsResult();
        result.Hosts.AddRange(hosts.List(sessions()));
        return new Reply { Hosts = result };
    }

    /// <summary>One's own, or anybody's for an administrator. The same again does the same, so nothing needs remembering.</summary>
    public async Task<Reply> SetPasswordAsync(Call call)
    {
        var asked = call.Request.SetPassword;
        var user = users.Find(asked.Name);
        if (!call.Who.Administrator && (user is null || !call.Who.Owns(user.Id)))
        {
            throw new AfsException(AfsError.NotPermitted, "only an administrator sets another user's password");
        }

        if (user is null)
        {
            throw new AfsException(AfsError.UnknownUser, $"the cell has no user '{asked.Name}'");
        }

        await users.SetPasswordAsync(user.Id, await login.MakeRecordAsync(asked.Password));
        return Answer(user);
    }

    public Reply Invite(Call call)
    {
        MustBeAdministrator(call.Who, "invites machines");
        var minutes = call.Request.Invite.Minutes;
        var host = call.Request.Invite.Host;
        var (token, expires) = invites.Make(minutes == 0 ? InviteKey.Default : TimeSpan.FromMinutes(minutes), host.Length == 0 ? null : host);
        return new Reply { Invite = new InviteResult { Token = token, Expires = expires } };
    }

    private static Reply Answer(User user) => new() { User = new UserResult { User = Describe(user) } };

    private static WireUser Describe(User user) => new() { Id = user.Id.Value, Name = user.Name, Administrator = user.Administrator };
}
