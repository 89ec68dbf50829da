using System.Globalization;
using AfsLike.Fuse;
using AfsLike.Tests.Fuse.Serving;

// usage: AfsLike.FuseServer SOCKET STORE [HOLD]
// Serves STORE at the supervisor's SOCKET and never answers lookups of the name HOLD. Commands come on standard input, one a line, each
// answered by one line; the first line says whether somebody served before.
var store = new MemoryTree(args[1], persistent: Environment.GetEnvironmentVariable("NOSAVE") is null);
if (args.Length > 2)
{
    var held = args[2];
    store.Before = (what, name) =>
    {
        if (what == "Lookup" && name == held)
        {
            Console.WriteLine("held");
            return new TaskCompletionSource().Task;
        }

        return Task.CompletedTask;
    };
}

await using var mount = await FuseMount.ConnectAsync(args[0], new FuseMountOptions { RemoteLocks = true });
store.Notifier = mount.Notifier;
store.Restore(mount.KnownNodes);
mount.Attach(store);
Console.WriteLine(mount.Restarted ? "serving again" : "serving");
while (Console.ReadLine() is { } line)
{
    var words = line.Split(' ', 3);
    switch (words[0])
    {
        case "put":
            Console.WriteLine(await store.PutElsewhere(words[1], words[2]));
            break;
        case "trust":
            mount.Beacon.Publish(TimeSpan.FromMilliseconds(int.Parse(words[1], CultureInfo.InvariantCulture)));
            Console.WriteLine("published");
            break;
        case "count":
            Console.WriteLine(mount.Upcalls.FirstOrDefault(call => call.Opcode == words[1]).Count);
            break;
        case "revocations":
            Console.WriteLine(mount.Revocations);
            break;
        case "violations":
            Console.WriteLine(string.Join("; ", store.Violations));
            break;
        default:
            Console.WriteLine("what?");
            break;
    }
}
