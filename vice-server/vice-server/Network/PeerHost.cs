using AfsLike.Host.Certificates;

namespace AfsLike.ViceServer.Network;

/// <summary>Whose certificate a connection has shown.</summary>
internal static class PeerHost
{
    /// <summary>Null for a machine that is not enrolled: it has shown none. A false one never gets this far.</summary>
    public static string? Of(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate ? MachineIdentity.HostOf(certificate) : null;
}
