using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class HostVerbs
{
    private static readonly Listing<WireHost> Listing = new(
        new Column<WireHost>("name", static h => Value.Of(h.Name)),
        new Column<WireHost>("files", static h => Value.Of(h.Venus)),
        new Column<WireHost>("jobs", static h => Value.Of(h.Butler)),
        new Column<WireHost>("system", static h => Value.Of(h.System)),
        new Column<WireHost>("processors", static h => Value.Of((long)h.Processors)),
        new Column<WireHost>("seen", static h => Value.Time(h.LastSeen)));

    public static Command Build() => Verb.Group(
        "host",
        "the machines of the cell",
        Verb.Of(
            "list",
            "all machines: whether they have the namespace, and whether they take jobs",
            async (parsed, daemons) => Listing.Write(parsed, (await daemons.ForwardAsync(new Request { ListHosts = new ListHostsCall() })).Hosts.Hosts)));
}
