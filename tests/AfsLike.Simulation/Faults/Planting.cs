using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Simulation.Checks;
using AfsLike.Simulation.Kernel;
using AfsLike.Simulation.Network;
using AfsLike.Simulation.World;
using AfsLike.Venus;
using AfsLike.Venus.Tree;
using AfsLike.Vice.Storage;

namespace AfsLike.Simulation.Faults;

/// <summary>Wraps the ports of the shipped code so that it makes one mistake. With <see cref="PlantedFault.None"/> it only reads what clients ask for.</summary>
internal sealed class Planting(PlantedFault fault, Simulator simulator, History history)
{
    private const int OneBreakIn = 10;

    private readonly SeededRandom _chance = simulator.Chance.Fork("planted fault");

    public IOrderedStore Around(IOrderedStore store) => fault switch
    {
        PlantedFault.AcknowledgedBeforeSync or PlantedFault.ReplyRememberedLater or PlantedFault.ChangeInTwoBatches or PlantedFault.HistoryNotKept
            or PlantedFault.SessionsForgotten or PlantedFault.LockersBelieved => new BentStore(store, fault),
        _ => store,
    };

    public IHostKernel Around(ModelKernel kernel)
    {
        kernel.Mistake = fault;
        return kernel;
    }

    public VenusSurroundings Around(ClientHost host, VenusSurroundings with)
    {
        var received = Received();
        ((SimulatedDialer)with.Dialer).Between = channel => new BentChannel(channel, message => Asked(host.Instance, message), received);
        return fault switch
        {
            PlantedFault.AcknowledgedBeforeKernel or PlantedFault.NegativeEntryKept or PlantedFault.AttributesKept =>
                with with { Kernel = new BentNotifier((ModelKernel)with.Kernel, simulator, fault) },
            PlantedFault.TrustsTooLong => with with { Settings = with.Settings with { TrustedPart = 4 } },
            PlantedFault.FreshNumberAfterRestart when !with.NewMount => with with { Operations = new BentLedger(with.Operations) },
            PlantedFault.ChecksumNotVerified or PlantedFault.MappingForgotten or PlantedFault.NotRefreshed => with with { Disk = new BentDisk(with.Disk, fault) },
            _ => with,
        };
    }

    private void Asked(ulong instance, Message message)
    {
        if (message.Request is { Store: { } store } request)
        {
            history.Kept.Asked(new OperationId(instance, request.Operation), new DataVersion(store.BaseDataVersion));
        }
    }

    private Func<Message, List<Message>, bool>? Received() => fault switch
    {
        PlantedFault.BreakIgnored => (message, answers) => !Swallow(message, answers),
        PlantedFault.RightsNotAsked => static (message, _) =>
        {
            foreach (var rights in new[] { message.Reply?.Rights?.Rights, message.Reply?.Lookup?.DirectoryRights, message.Reply?.List?.DirectoryRights }.OfType<DirectoryRights>())
            {
                rights.Caller |= (uint)Rights.Lookup;
                rights.Anyuser |= (uint)Rights.Lookup;
                foreach (var other in rights.Others)
                {
                    other.Rights |= (uint)Rights.Lookup;
                }
            }

            return true;
        },
        PlantedFault.RevalidationLies => static (message, _) =>
        {
            message.Reply?.Revalidate?.Changed.Clear();
            return true;
        },
        PlantedFault.AclChangeNotTold => static (message, _) =>
        {
            foreach (var promise in message.Break?.Promises ?? [])
            {
                promise.Rights = false;
            }

            return true;
        },
        PlantedFault.RecallIgnored => static (message, answers) =>
        {
            if (message.Break is not { Locks.Count: > 0 } recall)
            {
                return true;
            }

            answers.AddRange(recall.Locks.Select(static fid => new Message { LocksReturned = new LocksReturned { Fid = fid } }));
            answers.Add(new Message { BreakAck = new BreakAck { Sequence = recall.Sequence } });
            return false;
        },
        PlantedFault.LocksNotHeld => static (message, _) =>
        {
            if (message.Reply?.Lock is { } answer)
            {
                answer.Granted = true;
            }

            return true;
        },
        _ => null,
    };

    private bool Swallow(Message message, List<Message> answers)
    {
        if (message.Break is not { } broken || !_chance.OneIn(OneBreakIn))
        {
            return false;
        }

        answers.Add(new Message { BreakAck = new BreakAck { Sequence = broken.Sequence } });
        return true;
    }
}
