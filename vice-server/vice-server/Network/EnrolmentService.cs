using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Host.Certificates;
using AfsLike.Host.Clock;
using AfsLike.Vice.Admin;
using AfsLike.ViceServer.State;
using Google.Protobuf;
using Grpc.Core;

namespace AfsLike.ViceServer.Network;

/// <summary>The one call open to a machine without a certificate: it gets one for a good join token.</summary>
internal sealed class EnrolmentService(ServerConfiguration configuration, CertificateAuthority authority, InviteDesk invites, HostTable hosts, Strand strand, Action<string> log)
    : Enrolment.EnrolmentBase
{
    public override async Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        try
        {
            HostName.Check(request.Host);
            await strand.InvokeAsync(async () =>
            {
                invites.Check(request.Host, request.Secret, hosts);
                await hosts.EnrolAsync(request.Host);
                return true;
            });
            using var certificate = authority.IssueToMachine(request.CertificateRequest.Memory, request.Host, BootTimeProvider.Instance.GetUtcNow());
            log($"host {request.Host} enrolled from {context.Peer}");
            return new EnrolReply
            {
                Cell = configuration.Cell,
                Host = request.Host,
                Certificate = ByteString.CopyFrom(certificate.RawData),
                Authority = ByteString.CopyFrom(authority.Certificate.RawData),
            };
        }
        catch (AfsException refused)
        {
            log($"enrolment of '{request.Host}' from {context.Peer} refused: {refused.Message}");
            var status = refused.Error switch
            {
                AfsError.AccessDenied => StatusCode.PermissionDenied,
                AfsError.Exists => StatusCode.AlreadyExists,
                _ => StatusCode.InvalidArgument,
            };
            throw new RpcException(new Status(status, refused.Message));
        }
    }
}
