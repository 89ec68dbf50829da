using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class StatusVerbs
{
    private sealed record Picture(VenusStatus Venus, WhoAmI Who, ButlerStatus? Butler);

    private static readonly Listing<Picture> Listing = new(
        new Column<Picture>("cell", static p => Value.Of(p.Venus.Cell)),
        new Column<Picture>("host", static p => Value.Of(p.Venus.Host)),
        new Column<Picture>("server", static p => Value.Of(p.Venus.Server)),
        new Column<Picture>("mount", static p => Value.Of(p.Venus.Mount)),
        new Column<Picture>("connected", static p => Value.Of(p.Venus.Connected)),
        new Column<Picture>("trusted", static p => Value.Of(p.Venus.Trusted)),
        new Column<Picture>("passthrough", static p => Value.Of(p.Venus.Passthrough)),
        new Column<Picture>("user", static p => Value.Of(p.Who.User == 0 ? SystemGroups.AnyUser : p.Who.Name)),
        new Column<Picture>("butler", static p => Value.Of(p.Butler is null ? "not running" : p.Butler.Connected ? "connected" : "no server")),
        new Column<Picture>("jobs", static p => p.Butler is { } butler ? Value.Of((long)butler.Running) : Value.Nothing));

    public static Command[] Build() =>
    [
        Verb.Of("status", "this machine, at a glance", async (parsed, daemons) =>
            Listing.WriteOne(parsed, new Picture(await daemons.VenusStatusAsync(), await daemons.WhoAmIAsync(), await ButlerAsync(daemons)))),
        Verb.Of("doctor", "checks what can be wrong here, and says what to do", Doctor.RunAsync),
    ];

    private static async Task<ButlerStatus?> ButlerAsync(Daemons daemons)
    {
        try
        {
            return await daemons.ButlerAsync((butler, o) => butler.StatusAsync(new ButlerStatusRequest(), o));
        }
        catch (AfsException failure) when (failure.Error == AfsError.Unavailable)
        {
            return null;
        }
    }
}
