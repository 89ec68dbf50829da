using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AfsLike.Common.Model;
using AfsLike.Common.Wire;
using AfsLike.Host.Certificates;
using AfsLike.Host.Client;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace AfsLike.VenusClient.Commands;

/// <summary>
/// Makes this host one of a cell. The join token names the CA by its fingerprint; the CA's certificate is fetched from whoever answers and compared with that;
/// only then, over a connection to a server of that CA, the token's secret is said and a certificate asked for. The key never leaves the host.
/// </summary>
internal static class JoinCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    public static async Task RunAsync(string tokenText, Arguments arguments)
    {
        var token = JoinToken.Parse(tokenText);
        var directory = ClientDirectory.Find(arguments.Find("--dir"));
        if (directory.HasJoined)
        {
            throw new AfsException(
                AfsError.Exists, $"{directory.Path} belongs to cell {directory.LoadConfiguration().Cell} already; remove it, or give another --dir");
        }

        var host = arguments.Find("--host") ?? Environment.MachineName.ToLowerInvariant();
        var serverName = token.Address[..token.Address.LastIndexOf(':')].Trim('[', ']');
        using var authority = await FetchAuthorityAsync(token, serverName);
        var (key, request) = MachineIdentity.CreateRequest(host);
        using (key)
        {
            var reply = await EnrolAsync(token, serverName, authority, host, request);
            using var certificate = X509CertificateLoader.LoadCertificate(reply.Certificate.Span);
            var instance = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
            directory.Save(
                new ClientConfiguration(reply.Cell, reply.Host, token.Address, instance, null),
                place => MachineIdentity.Save(place, key, certificate, authority));
            Console.WriteLine($"{host} is a host of cell {reply.Cell}; mount it with: venus-client run --dir {directory.Path} --mount /afs");
        }
    }

    private static async Task<X509Certificate2> FetchAuthorityAsync(JoinToken token, string serverName)
    {
        using var client = new HttpClient(Handler(Tls.ForAnyone(serverName))) { Timeout = Deadline };
        byte[] bytes;
        try
        {
            bytes = await client.GetByteArrayAsync(new Uri($"https://{token.Address}/authority"));
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            throw Unreachable(token.Address, failure);
        }

        var authority = X509CertificateLoader.LoadCertificate(bytes);
        return CertificateAuthority.Fingerprint(authority) == token.Fingerprint
            ? authority
            : throw new AfsException(AfsError.AccessDenied, $"what answers at {token.Address} is not the server this token is for: its CA has another fingerprint");
    }

    private static async Task<EnrolReply> EnrolAsync(JoinToken token, string serverName, X509Certificate2 authority, string host, byte[] request)
    {
        using var channel = GrpcChannel.ForAddress(
            $"https://{token.Address}", new GrpcChannelOptions { HttpHandler = Handler(Tls.ForEnrolment(authority, serverName)), DisposeHttpClient = true });
        try
        {
            return await new Enrolment.EnrolmentClient(channel).EnrolAsync(
                new EnrolRequest { Secret = token.Secret, Host = host, CertificateRequest = ByteString.CopyFrom(request) },
                deadline: DateTime.UtcNow + Deadline);
        }
        catch (RpcException refused) when (refused.StatusCode is StatusCode.PermissionDenied or StatusCode.InvalidArgument or StatusCode.AlreadyExists)
        {
            throw new AfsException(AfsError.AccessDenied, refused.Status.Detail, refused);
        }
        catch (RpcException failure)
        {
            throw Unreachable(token.Address, failure);
        }
    }

    private static SocketsHttpHandler Handler(SslClientAuthenticationOptions tls) =>
        new() { SslOptions = tls, ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = false };

    private static AfsException Unreachable(string address, Exception failure)
    {
        var deepest = failure;
        while (deepest.InnerException is { } inner)
        {
            deepest = inner;
        }

        return new AfsException(AfsError.Unavailable, string.Create(
            CultureInfo.InvariantCulture, $"cannot reach the server at {address}: {deepest.Message}; is vice-server running there?"), failure);
    }
}
