using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class CellVerbs
{
    private static readonly Listing<VenusStatus> Listing = new(
        new Column<VenusStatus>("cell", static s => Value.Of(s.Cell)),
        new Column<VenusStatus>("server", static s => Value.Of(s.Server)),
        new Column<VenusStatus>("host", static s => Value.Of(s.Host)),
        new Column<VenusStatus>("connected", static s => Value.Of(s.Connected)),
        new Column<VenusStatus>("mount", static s => Value.Of(s.Mount)));

    public static Command Build()
    {
        var minutes = new Option<uint>("--minutes") { Description = "how long the token is good", DefaultValueFactory = static _ => 60 };
        var host = new Option<string?>("--host") { Description = "for this host alone, which the cell may know already: a machine that was made anew", HelpName = "NAME" };
        return Verb.Group(
            "cell",
            "make a cell, join one, look at it",
            Passed("init", "make a new cell on this machine (done by vice-server; see `vice-server init --help`)"),
            Passed("join", "make this machine a client of a cell, with a token from `afsx cell invite` (done by venus-client)"),
            Verb.Of("invite", "a token with which machines may join (administrators)", InviteAsync(minutes, host), minutes, host),
            Verb.Of("status", "the cell this machine belongs to", async (parsed, daemons) => Listing.WriteOne(parsed, await daemons.VenusStatusAsync())));
    }

    /// <summary>Only for the help: <see cref="SiblingProgram"/> takes these before they are parsed.</summary>
    private static Command Passed(string name, string description) =>
        new(name, description) { new Argument<string[]>("arguments") { Arity = ArgumentArity.ZeroOrMore } };

    private static Func<ParseResult, Daemons, Task<int>> InviteAsync(Option<uint> minutes, Option<string?> host) => async (parsed, daemons) =>
    {
        var invite = (await daemons.ForwardAsync(new Request { Invite = new InviteCall { Minutes = parsed.GetValue(minutes), Host = parsed.GetValue(host) ?? "" } })).Invite;
        return parsed.GetValue(CommandLine.Json)
            ? new Listing<InviteResult>(
                new Column<InviteResult>("token", static i => Value.Of(i.Token)),
                new Column<InviteResult>("expires", static i => Value.Time(i.Expires))).WriteOne(parsed, invite)
            : StandardOutput.Line(invite.Token);
    };
}
