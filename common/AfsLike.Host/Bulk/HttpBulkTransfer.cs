using System.Globalization;
using System.Net;
using System.Net.Security;
using AfsLike.Common.Model;

namespace AfsLike.Host.Bulk;

/// <summary>
/// Chunks over HTTP/1.1 with the server's bulk endpoints: GET and PUT /bulk/TICKET/CHUNK. Several connections, each in its own TLS session, so that two
/// processors can encrypt at once. A request that fails before an answer is sent again once on a new connection: both are idempotent.
/// </summary>
public sealed class HttpBulkTransfer : IDisposable
{
    /// <summary>Connections at once.</summary>
    public const int Connections = 8;

    private const string ChecksumHeader = "afs-checksum";

    private readonly HttpClient _client;
    private readonly string _base;

    /// <param name="address">HOST:PORT of the server.</param>
    /// <param name="tls">Our certificate and whom we accept.</param>
    public HttpBulkTransfer(string address, SslClientAuthenticationOptions tls)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = tls,
            UseProxy = false,
            MaxConnectionsPerServer = Connections,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        _client = new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version11, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact, Timeout = TimeSpan.FromSeconds(60),
        };
        _base = $"https://{address}/bulk/";
    }

    /// <summary>Fills the buffer with the chunk, which has exactly its length. Throws AfsException.</summary>
    public Task GetAsync(ReadOnlyMemory<byte> ticket, ulong chunk, Memory<byte> buffer, CancellationToken cancel) => AgainAsync(async () =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Address(ticket, chunk));
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        await CheckAsync(response, chunk).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            await body.ReadExactlyAsync(buffer, cancel).ConfigureAwait(false);
        }
    });

    /// <summary>Durable at the server when it completes. Throws AfsException.</summary>
    public Task PutAsync(ReadOnlyMemory<byte> ticket, ulong chunk, ReadOnlyMemory<byte> bytes, Checksum checksum, CancellationToken cancel) =>
        AgainAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, Address(ticket, chunk)) { Content = new ReadOnlyMemoryContent(bytes) };
            request.Headers.Add(ChecksumHeader, checksum.ToString());
            using var response = await _client.SendAsync(request, cancel).ConfigureAwait(false);
            await CheckAsync(response, chunk).ConfigureAwait(false);
        });

    public void Dispose() => _client.Dispose();

    private static async Task AgainAsync(Func<Task> work)
    {
        for (var last = false; ; last = true)
        {
            try
            {
                await work().ConfigureAwait(false);
                return;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                if (last)
                {
                    throw new AfsException(AfsError.Unavailable, $"the server cannot be reached for bulk data: {failure.Message}", failure);
                }
            }
            catch (TaskCanceledException slow) when (slow.InnerException is TimeoutException)
            {
                throw new AfsException(AfsError.TimedOut, "the server did not answer a transfer of bulk data in time", slow);
            }
        }
    }

    private static async Task CheckAsync(HttpResponseMessage response, ulong chunk)
    {
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return;
        }

        var detail = (await response.Content.ReadAsStringAsync().ConfigureAwait(false)).TrimEnd();
        var error = response.StatusCode switch
        {
            HttpStatusCode.NotFound => AfsError.BadHandle,
            HttpStatusCode.Unauthorized => AfsError.NotPermitted,
            HttpStatusCode.InsufficientStorage => AfsError.NoSpace,
            HttpStatusCode.InternalServerError => AfsError.Corrupted,
            _ => AfsError.Protocol,
        };
        throw new AfsException(error, $"chunk {chunk}: {detail}");
    }

    private Uri Address(ReadOnlyMemory<byte> ticket, ulong chunk) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{_base}{Convert.ToHexStringLower(ticket.Span)}/{chunk}"));
}
