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
internal sealed class EnrolmentService(ServerConfiguration configuration, CertificateAuthority authority, InviteDesk invites, Action<string> log)
    : Enrolment.EnrolmentBase
{
    public override Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        try
        {
            invites.Check(request.Secret);
            HostName.Check(request.Host);
            using var certificate = authority.IssueToMachine(request.CertificateRequest.Memory, request.Host, BootTimeProvider.Instance.GetUtcNow());
            log($"host {request.Host} enrolled from {context.Peer}");
            return Task.FromResult(new EnrolReply
            {
                Cell = configuration.Cell,
                Host = request.Host,
                Certificate = ByteString.CopyFrom(certificate.RawData),
                Authority = ByteString.CopyFrom(authority.Certificate.RawData),
            });
        }
        catch (AfsException refused)
        {
            log($"enrolment of '{request.Host}' from {context.Peer} refused: {refused.Message}");
            var status = refused.Error == AfsError.AccessDenied ? StatusCode.PermissionDenied : StatusCode.InvalidArgument;
            throw new RpcException(new Status(status, refused.Message));
        }
    }
}
