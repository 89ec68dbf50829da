using System.CommandLine;
using AfsLike.Afsx.Output;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;

namespace AfsLike.Afsx.Verbs;

internal static class AclVerbs
{
    private static readonly Listing<WireAclEntry> Listing = new(
        new Column<WireAclEntry>("principal", static e => Value.Of(e.Principal)),
        new Column<WireAclEntry>("rights", static e => Value.Of(RightsText.Format((Rights)e.Rights))));

    public static Command Build()
    {
        var path = new Argument<string>("path") { Description = "a directory, or a file: its directory counts" };
        var pairs = new Argument<string[]>("principal rights")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "pairs: a user, system:anyuser or system:authuser, and letters of rlidwka, or read, write, all, none",
        };
        return Verb.Group(
            "acl",
            "who may do what in a directory",
            Verb.Of(
                "get",
                "the access list of a directory",
                async (parsed, daemons) =>
                {
                    var directory = await DirectoryAsync(daemons, parsed.GetRequiredValue(path));
                    return Listing.Write(parsed, (await GetAsync(daemons, directory)).Entries);
                },
                path),
            Verb.Of(
                "set",
                "give principals exactly these rights; others keep theirs",
                (parsed, daemons) => SetAsync(parsed, daemons, parsed.GetRequiredValue(path), parsed.GetRequiredValue(pairs)),
                path,
                pairs));
    }

    /// <summary>The entries with those of <paramref name="pairs"/> put in their places; no rights, no entry.</summary>
    internal static IReadOnlyList<WireAclEntry> Changed(IEnumerable<WireAclEntry> entries, string[] pairs)
    {
        if (pairs.Length % 2 != 0)
        {
            throw new UsageException($"{pairs[^1]} has no rights beside it; give pairs: PRINCIPAL RIGHTS");
        }

        var changed = entries.ToList();
        for (var i = 0; i < pairs.Length; i += 2)
        {
            var rights = RightsText.Parse(pairs[i + 1]);
            var index = changed.FindIndex(entry => entry.Principal == pairs[i]);
            if (index >= 0)
            {
                changed.RemoveAt(index);
            }

            if (rights != Rights.None)
            {
                changed.Insert(index >= 0 ? index : changed.Count, new WireAclEntry { Principal = pairs[i], Rights = (uint)rights });
            }
        }

        return changed;
    }

    private static async Task<int> SetAsync(ParseResult parsed, Daemons daemons, string path, string[] pairs)
    {
        var directory = await DirectoryAsync(daemons, path);
        var call = new SetAclCall { Directory = directory };
        call.Entries.AddRange(Changed((await GetAsync(daemons, directory)).Entries, pairs));
        await daemons.ForwardAsync(new Request { SetAcl = call });
        return parsed.GetValue(CommandLine.Json) ? Listing.Write(parsed, call.Entries) : 0;
    }

    private static async Task<AclResult> GetAsync(Daemons daemons, WireFid directory) =>
        (await daemons.ForwardAsync(new Request { GetAcl = new GetAclCall { Directory = directory } })).Acl;

    private static async Task<WireFid> DirectoryAsync(Daemons daemons, string path)
    {
        var status = (await daemons.ResolveAsync(path)).Status;
        return (VnodeKind)status.Kind == VnodeKind.Directory ? status.Fid : status.Parent;
    }
}
