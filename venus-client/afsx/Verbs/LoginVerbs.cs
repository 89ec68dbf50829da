using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class LoginVerbs
{
    private static readonly Listing<WhoAmI> Listing = new(
        new Column<WhoAmI>("user", static w => w.User == 0 ? Value.Of("system:anyuser") : Value.Of(w.Name)),
        new Column<WhoAmI>("id", static w => Value.Of((long)w.User)),
        new Column<WhoAmI>("cell", static w => Value.Of(w.Cell)),
        new Column<WhoAmI>("administrator", static w => Value.Of(w.Administrator)),
        new Column<WhoAmI>("expires", static w => Value.Time(w.Expires)),
        new Column<WhoAmI>("uid", static w => Value.Of((long)w.Uid)));

    public static Command[] Build()
    {
        var user = new Argument<string?>("user") { Arity = ArgumentArity.ZeroOrOne, Description = "else your name on this machine" };
        var file = UserVerbs.PasswordFile();
        return
        [
            Verb.Of(
                "login",
                "be a user of the cell: every process of your uid on this machine is",
                async (parsed, daemons) =>
                {
                    var name = parsed.GetValue(user) ?? Environment.UserName;
                    var password = Password.Read(parsed.GetValue(file), $"password of {name}: ", twice: false);
                    return Listing.WriteOne(parsed, await daemons.VenusAsync(
                        (venus, o) => venus.LoginAsync(new VenusLogin { Name = name, Password = password }, o)));
                },
                user,
                file),
            Verb.Of(
                "logout",
                "be nobody in particular again",
                async (parsed, daemons) =>
                    Listing.WriteOne(parsed, await daemons.VenusAsync((venus, o) => venus.LogoutAsync(new LogoutRequest(), o)))),
            Verb.Of(
                "whoami",
                "the user you are in the cell",
                async (parsed, daemons) => Listing.WriteOne(parsed, await daemons.WhoAmIAsync())),
        ];
    }
}
