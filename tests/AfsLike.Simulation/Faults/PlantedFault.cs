namespace AfsLike.Simulation.Faults;

/// <summary>
/// Mistakes that somebody could make in the product, planted to prove that the checkers find them. Each breaks one rule. They are planted by what is wrapped around the shipped code at its ports, so
/// that the product has no switch for them; only tests choose one (<see cref="Planting"/>).
/// </summary>
internal enum PlantedFault
{
    None,

    /// <summary>A break is acknowledged before the kernel was told.</summary>
    AcknowledgedBeforeKernel,

    /// <summary>INVAL_ENTRY waits for its lock as long as it takes, and the acknowledgement with it: two creators deadlock.</summary>
    WaitsForKernelLock,

    /// <summary>A negative entry survives a remote create.</summary>
    NegativeEntryKept,

    /// <summary>A directory's cached listing is not taken back with its names: INVAL_ENTRY of a name the kernel does not know leaves it.</summary>
    ListingKept,

    /// <summary>The attributes of a node survive its break.</summary>
    AttributesKept,

    /// <summary>A grant that a break overtook is not looked at again.</summary>
    OvertakenGrantKept,

    /// <summary>The attributes that answer a change of the kernel's own are kept: a break may have come between the reply and its reading.</summary>
    ChangeAnswerKept,

    /// <summary>A rename moves a name that is being taken back, and nobody looks after it.</summary>
    MovedNameKept,

    /// <summary>A file is clean after its last close, whoever has it mapped.</summary>
    MappingForgotten,

    /// <summary>The supervisor does not see that a daemon vouches for nothing any more.</summary>
    SupervisorSleeps,

    /// <summary>The client trusts its promises for longer than the server waits, as if a renewal needed no answer.</summary>
    TrustsTooLong,

    /// <summary>One break in ten is acknowledged and not met.</summary>
    BreakIgnored,

    /// <summary>Every user of a host is taken for one who may look names up, so that the kernel answers all of them alike.</summary>
    RightsNotAsked,

    /// <summary>A revalidation answers that nothing has changed.</summary>
    RevalidationLies,

    /// <summary>The server forgets at its restart who had promises, and waits for nobody.</summary>
    SessionsForgotten,

    /// <summary>A commit is answered before the log is synced.</summary>
    AcknowledgedBeforeSync,

    /// <summary>The remembered reply is written behind the change, not with it.</summary>
    ReplyRememberedLater,

    /// <summary>A change is written in two batches.</summary>
    ChangeInTwoBatches,

    /// <summary>What a foreign store replaces is not kept.</summary>
    HistoryNotKept,

    /// <summary>A request that is repeated after the daemon's restart has a fresh operation number.</summary>
    FreshNumberAfterRestart,

    /// <summary>Nobody asks the kernel to repeat what a dead daemon had read.</summary>
    RequestsNotResent,

    /// <summary>Fetched chunks are kept whatever their checksum says.</summary>
    ChecksumNotVerified,

    /// <summary>The server says of every lock that it is granted.</summary>
    LocksNotHeld,

    /// <summary>A client that is asked for the locks about which it decides says that it holds none, and goes on.</summary>
    RecallIgnored,

    /// <summary>A file that is open is not brought up to date when it is locked.</summary>
    NotRefreshed,

    /// <summary>The server keeps the record of a client that may hold locks when its lease is over, and believes it after a restart.</summary>
    LockersBelieved,

    /// <summary>A break does not say that an ACL has changed.</summary>
    AclChangeNotTold,
}
