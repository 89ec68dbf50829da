using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class UserVerbs
{
    private static readonly Listing<WireUser> Listing = new(
        new Column<WireUser>("id", static u => Value.Of((long)u.Id)),
        new Column<WireUser>("name", static u => Value.Of(u.Name)),
        new Column<WireUser>("administrator", static u => Value.Of(u.Administrator)));

    public static Option<string?> PasswordFile() =>
        new("--password-file") { Description = "read the password from this file's first line", HelpName = "FILE" };

    public static Command Build()
    {
        var name = new Argument<string>("name");
        var administrator = new Option<bool>("--admin") { Description = "make it an administrator of the cell" };
        var file = PasswordFile();
        return Verb.Group(
            "user",
            "the cell's users",
            Verb.Of(
                "create",
                "make a user (administrators)",
                async (parsed, daemons) =>
                {
                    var call = new CreateUserCall
                    {
                        Name = parsed.GetRequiredValue(name),
                        Administrator = parsed.GetValue(administrator),
                        Password = Password.Read(parsed.GetValue(file), $"password of {parsed.GetRequiredValue(name)}: ", twice: true),
                    };
                    return Listing.WriteOne(parsed, (await daemons.ForwardAsync(new Request { CreateUser = call })).User.User);
                },
                name,
                administrator,
                file),
            Verb.Of(
                "list",
                "all users",
                async (parsed, daemons) =>
                    Listing.Write(parsed, (await daemons.ForwardAsync(new Request { ListUsers = new ListUsersCall() })).Users.Users)));
    }
}
