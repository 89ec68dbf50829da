using AfsLike.Common.Wire;
using AfsLike.Vice.Login;
using AfsLike.Vice.Protection;
using Google.Protobuf;

namespace AfsLike.Vice.FileServer;

/// <summary>The calls by which a session comes to speak for users.</summary>
public sealed class IdentityCalls(LoginDesk login)
{
    public Reply Bind(Call call)
    {
        var bytes = call.Request.BindUser.Token;
        var (user, token) = login.Verify(bytes.Span, call.Client.Session.Host);
        var replaced = call.Request.BindUser.Replaces;
        var slot = call.Client.Slots.Bind(bytes.Span, token, new Principal(user.Id, true, user.Administrator));
        if (replaced != slot)
        {
            call.Client.Slots.Release(replaced, user.Id);
        }

        return new Reply
        {
            BindUser = new BindUserResult
            {
                Slot = slot,
                User = user.Id.Value,
                Name = user.Name,
                Administrator = user.Administrator,
                Expires = token.Expires,
            },
        };
    }

    public async Task<Reply> LoginAsync(Call call)
    {
        var asked = call.Request.Login;
        var (bytes, token) = await login.LoginAsync(asked.Name, asked.Password, call.Client.Session.Host);
        return new Reply
        {
            Login = new LoginResult { Token = ByteString.CopyFrom(bytes), User = token.User.Value, Expires = token.Expires },
        };
    }
}
